// The one client that is used, without its preview version and generated message classes.
import { SecretManagerServiceClient } from "@google-cloud/secret-manager/build/src/v1/secret_manager_service_client.js";
import { PassThroughClient } from "google-auth-library";

/**
 * Secret Manager by REST, for the reasons that Firestore is (infra/decisions/google-clients.md). A stand-in takes no TLS and is never given
 * a real token.
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

/** Repeating is ours (`google-calls.ts`), which knows what may be done twice; the library's own would add a second version unseen. */
export const ONCE = { retry: null, timeout: 10_000 } as const;

/** `projects/…/secrets/…/versions/7` → `7`. */
export const versionOf = ({ name }: { readonly name?: string | null }): string => {
  if (!name) throw new Error("Secret Manager answered a version without a name");
  return name.slice(name.lastIndexOf("/") + 1);
};

/** What a version holds, as text. */
export const textOf = (payload: { readonly data?: Uint8Array | string | null } | null | undefined): string =>
  Buffer.from(payload?.data ?? "").toString("utf8");
