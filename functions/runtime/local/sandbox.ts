import { join, resolve } from "node:path";
import { Secret } from "../../domain/secret.ts";
import type { Environment } from "../config-error.ts";

export interface LocalSandbox {
  readonly environment: Environment;
  readonly mailboxUrl: string;
  readonly clientSecretFile: string;
  readonly client: { readonly clientId: string; readonly clientSecret: Secret };
  readonly operator: string;
  close(): Promise<void>;
}

/** Starts the stand-in for Google of `npm start`. Its data survives a restart, like Relais's own store. */
export const startSandbox = async (dataDir: string, publicUrl: string): Promise<LocalSandbox> => {
  // Loaded only here, because with the real Google nothing of it is needed.
  const { startGoogleSandbox } = await import("../../../test/google-sandbox/sandbox.ts");
  const sandbox = await startGoogleSandbox({
    dataDir: join(dataDir, "sandbox"),
    redirectUris: [`${publicUrl}/google_gmail/confirm`],
  });
  // Where a person would have Google Cloud's download; written at each start, since the redirect URI may change.
  const clientSecretFile = resolve(dataDir, "sandbox", "client_secret.json");
  sandbox.writeClientSecret(clientSecretFile);
  return {
    environment: sandbox.environment,
    mailboxUrl: sandbox.mailboxUrl,
    clientSecretFile,
    client: { clientId: sandbox.client.id, clientSecret: new Secret(sandbox.client.secret) },
    operator: sandbox.operatorEmail,
    close: sandbox.close,
  };
};
