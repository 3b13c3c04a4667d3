/** Google's emulators accept any token. */
export const emulatorToken = async (): Promise<string> => "owner";

/**
 * Access tokens of the function's own service account, by Application Default Credentials (the metadata server on Cloud
 * Run, `gcloud auth application-default login` on a laptop). The library caches tokens. It is loaded at the first call,
 * so that emulators never load it.
 */
export const applicationDefaultToken = (): (() => Promise<string>) => {
  let auth: Promise<{ getAccessToken(): Promise<string | null | undefined> }> | undefined;
  return async () => {
    auth ??= import("./google-auth.ts").then(({ cloudAuth }) => cloudAuth());
    const token = await (await auth).getAccessToken();
    if (!token) throw new Error("Google gave no access token for the application default credentials");
    return token;
  };
};
