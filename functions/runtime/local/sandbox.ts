import { join, resolve } from "node:path";
import type { Environment } from "../config.ts";

export interface LocalSandbox {
  readonly environment: Environment;
  readonly mailboxUrl: string;
  readonly clientSecretFile: string;
  readonly operator: string;
  close(): Promise<void>;
}

/** The stand-in for Google of `npm start`; what it knows outlives a restart, like Relais's own store. */
export const startSandbox = async (dataDir: string, publicUrl: string): Promise<LocalSandbox> => {
  // Loaded only here: whoever talks to the real Google needs none of it.
  const { startGoogleSandbox } = await import("../../../test/google-sandbox/sandbox.ts");
  const sandbox = await startGoogleSandbox({
    dataDir: join(dataDir, "sandbox"),
    redirectUris: [`${publicUrl}/google_gmail/confirm`],
  });
  // Where a person would have the download of Google Cloud's console; written anew, since a start may change the redirect URI.
  const clientSecretFile = resolve(dataDir, "sandbox", "client_secret.json");
  sandbox.writeClientSecret(clientSecretFile);
  return {
    environment: sandbox.environment,
    mailboxUrl: sandbox.mailboxUrl,
    clientSecretFile,
    operator: sandbox.operatorEmail,
    close: sandbox.close,
  };
};
