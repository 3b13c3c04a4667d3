import { type Clock, SECOND } from "../../clock.ts";
import type { OAuthClient } from "../../google/tokens.ts";
import type { Records } from "../../records.ts";
import { memory, recallOrLearn } from "../../remembered.ts";
import type { SecretVault } from "../../secret-vault.ts";
import { readSettings } from "../../settings/read-settings.ts";
import type { EnvironmentSettings, Settings } from "../../settings/settings.ts";
import type { App } from "../checks/lifetime.ts";
import { readClientFacts } from "./client-facts.ts";

export interface ClientDeps {
  readonly records: Records;
  readonly environment: EnvironmentSettings;
  readonly vault: SecretVault;
}

/** Reads the OAuth client with the settings. `client` is null if none is saved or its secret is unreadable. */
export const readClient = async (
  deps: ClientDeps,
): Promise<{ readonly client: OAuthClient | null; readonly settings: Settings }> => {
  const settings = (await readSettings(deps.records, deps.environment)).value;
  const saved = settings.gmailCredentials;
  if (saved === null) return { client: null, settings };
  const clientSecret = await deps.vault.read({ kind: "client_secret" }, saved.secretVersion);
  return { client: clientSecret === undefined ? null : { clientId: saved.clientId, clientSecret }, settings };
};

/** Reads the client and what is known about its app. Throws `Unavailable`. */
export type ClientReader = () => Promise<{ readonly client: OAuthClient | null; readonly app: App }>;

export const clientReader =
  (deps: ClientDeps): ClientReader =>
  async () => {
    const { client, settings } = await readClient(deps);
    const facts = client === null ? undefined : await readClientFacts(deps.records, client.clientId);
    const { publishingStatus } = settings;
    const { sevenDayDeathAtMs = null, rejected = null } = facts?.value ?? {};
    return { client, app: { publishingStatus, sevenDayDeathAtMs, rejected: rejected !== null } };
  };

/** Hundreds of servers a minute may be checked with one client. Nominal. */
const REMEMBERED_MS = 10 * SECOND;

export const rememberedClient = (deps: ClientDeps & { readonly clock: Clock }): ClientReader => {
  const known = memory<ReturnType<ClientReader>>({ clock: deps.clock, forMs: REMEMBERED_MS });
  return () => recallOrLearn(known, "client", clientReader(deps));
};
