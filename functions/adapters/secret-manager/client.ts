// Importing only this client avoids loading the preview version and the generated message classes.
import { SecretManagerServiceClient } from "@google-cloud/secret-manager/build/src/v1/secret_manager_service_client.js";
import { applicationDefaultToken, emulatorToken } from "../google-cloud/credentials.ts";
import { restTransport } from "./rest-transport.ts";

/**
 * Google's client of Secret Manager over REST, for the same reasons as Firestore's (infra/decisions/google-clients.md).
 * A stand-in speaks no TLS and must never get a real token.
 */
export const openSecretManager = (standInHost: string | null): SecretManagerServiceClient =>
  new SecretManagerServiceClient(
    { fallback: true },
    restTransport(
      standInHost === null
        ? { rootUrl: "https://secretmanager.googleapis.com", accessToken: applicationDefaultToken() }
        : { rootUrl: `http://${standInHost}`, accessToken: emulatorToken },
    ),
  );

/** Turns `projects/…/secrets/…/versions/7` into `7`. */
export const versionOf = ({ name }: { readonly name?: string | null }): string => {
  if (!name) throw new Error("Secret Manager answered a version without a name");
  return name.slice(name.lastIndexOf("/") + 1);
};

export const textOf = (payload: { readonly data?: Uint8Array | string | null } | null | undefined): string =>
  Buffer.from(payload?.data ?? "").toString("utf8");
