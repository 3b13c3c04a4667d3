import { type Clock, MINUTE } from "../../clock.ts";
import type { AccessTokenOutcome, AccessTokens } from "../../google/tokens.ts";
import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Records, Versioned } from "../../records.ts";
import { readSettings } from "../../settings/read-settings.ts";
import type { EnvironmentSettings, Settings } from "../../settings/settings.ts";
import { LedgerMemory } from "../limits/ledger.ts";

/** What a message is judged by besides itself. */
export interface Facts {
  readonly server: Versioned<MailServer> | undefined;
  readonly settings: Settings;
}

interface FactDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly environment: EnvironmentSettings;
}

/** A token with less left than this is not used again: a mail may take its time. Nominal. */
const LEAST_LEFT_MS = 5 * MINUTE;

interface KnownToken {
  readonly grant: string;
  readonly outcome: Extract<AccessTokenOutcome, { readonly ok: true }>;
}

/** Which grant a token belongs to: after a reconnect or a rotation it is another. */
const grantMark = (server: MailServer): string => {
  const grant = grantOf(server);
  return grant === null ? "" : `${grant.secretVersion} ${grant.generation}`;
};

/**
 * What one instance of `deliver-mail` knows from the mails before, so that each costs fewer reads. Nothing is refused by what is merely remembered, and
 * nothing goes out later than `factsForMs` after a pause, a disconnection or an archiving by the word of what was true before it.
 */
export class InstanceMemory {
  readonly ledgers = new LedgerMemory();
  readonly #factsForMs: number;
  readonly #servers = new Map<string, { readonly value: Versioned<MailServer>; readonly readAtMs: number }>();
  #settings: { readonly value: Settings; readonly readAtMs: number } | undefined;
  readonly #tokens = new Map<string, KnownToken>();

  /** `factsForMs`: how long settings and servers are taken as read before, nominal; 0: never. */
  constructor(factsForMs: number) {
    this.#factsForMs = factsForMs;
  }

  /** As they are now. Throws `Unavailable`. */
  async readFacts(deps: FactDeps, serverId: string): Promise<Facts> {
    const [server, settings] = await Promise.all([
      deps.records.get("mailServers", serverId),
      readSettings(deps.records, deps.environment),
    ]);
    this.#noteServer(deps, serverId, server);
    this.#settings = { value: settings.value, readAtMs: deps.clock.nowMs() };
    return { server, settings: settings.value };
  }

  /** As they were a moment ago: enough to go on by, not to refuse by. Throws `Unavailable`. */
  async recallFacts(deps: FactDeps, serverId: string): Promise<Facts> {
    const oldestMs = deps.clock.nowMs() - deps.clock.lasting(this.#factsForMs);
    const known = this.#servers.get(serverId);
    const settings = this.#settings;
    if (settings === undefined || settings.readAtMs <= oldestMs) return this.readFacts(deps, serverId);
    if (known !== undefined && known.readAtMs > oldestMs) return { server: known.value, settings: settings.value };
    const server = await deps.records.get("mailServers", serverId);
    this.#noteServer(deps, serverId, server);
    return { server, settings: settings.value };
  }

  /** A token of the grant that the server holds; one that was handed out before where it still has some life. Throws `Unavailable`. */
  async obtainToken(
    deps: { readonly accessTokens: Pick<AccessTokens, "obtain">; readonly clock: Clock },
    server: { readonly id: string; readonly value: MailServer },
  ): Promise<AccessTokenOutcome> {
    const known = this.#tokens.get(server.id);
    const grant = grantMark(server.value);
    const leastMs = deps.clock.nowMs() + deps.clock.lasting(LEAST_LEFT_MS);
    if (known?.grant === grant && known.outcome.expiresAtMs > leastMs) return known.outcome;
    const outcome = await deps.accessTokens.obtain(server.id);
    if (outcome.ok) this.#tokens.set(server.id, { grant, outcome });
    else this.#tokens.delete(server.id);
    return outcome;
  }

  /** Gmail refused it. */
  forgetToken(serverId: string): void {
    this.#tokens.delete(serverId);
  }

  #noteServer(deps: FactDeps, serverId: string, value: Versioned<MailServer> | undefined): void {
    if (value === undefined) this.#servers.delete(serverId);
    else this.#servers.set(serverId, { value, readAtMs: deps.clock.nowMs() });
  }
}
