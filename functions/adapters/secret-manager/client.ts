// Importing only this client avoids loading the preview version and the generated message classes.
import { SecretManagerServiceClient } from "@google-cloud/secret-manager/build/src/v1/secret_manager_service_client.js";
import { PassThroughClient } from "google-auth-library";

/**
 * Secret Manager over REST, for the same reasons as Firestore (infra/decisions/google-clients.md). A stand-in speaks no
 * TLS and must never get a real token.
 */
export const openSecretManager = (standInHost: string | null): SecretManagerServiceClient => {
  if (standInHost === null) return new SecretManagerServiceClient({ fallback: true });
  const { hostname, port } = new URL(`http://${standInHost}`);
  return new SecretManagerServiceClient({
    fallback: true,
    protocol: "http",
    apiEndpoint: hostname,
    port: Number(port),
    authClient: new PassThroughClient(),
  });
};

/** `google-calls.ts` decides what to repeat; the library's own retries would silently add a second version. */
export const NO_RETRY = { retry: null, timeout: 10_000 } as const;

/** Turns `projects/…/secrets/…/versions/7` into `7`. */
export const versionOf = ({ name }: { readonly name?: string | null }): string => {
  if (!name) throw new Error("Secret Manager answered a version without a name");
  return name.slice(name.lastIndexOf("/") + 1);
};

export const textOf = (payload: { readonly data?: Uint8Array | string | null } | null | undefined): string =>
  Buffer.from(payload?.data ?? "").toString("utf8");
