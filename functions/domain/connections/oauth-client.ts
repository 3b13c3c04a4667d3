import type { Records } from "../records.ts";
import { readSettings } from "../settings/read-settings.ts";
import type { EnvironmentSettings, Settings } from "../settings/settings.ts";
import type { OAuthClient, SecretVault } from "./ports.ts";

export interface ClientDeps {
  readonly records: Records;
  readonly environment: EnvironmentSettings;
  readonly vault: SecretVault;
}

/** The OAuth client as operators saved it, with the settings it stands in; `client` null: none saved, or its secret cannot be read. Throws `Unavailable`. */
export const readClient = async (
  deps: ClientDeps,
): Promise<{ readonly client: OAuthClient | null; readonly settings: Settings }> => {
  const settings = (await readSettings(deps.records, deps.environment)).value;
  const saved = settings.gmailCredentials;
  if (saved === null) return { client: null, settings };
  const clientSecret = await deps.vault.read({ kind: "client_secret" }, saved.secretVersion);
  return { client: clientSecret === undefined ? null : { clientId: saved.clientId, clientSecret }, settings };
};
