import type { Clock } from "../../clock.ts";
import { type AccessTokenOutcome, type AccessTokens, LEAST_TOKEN_LIFE_MS } from "../../google/tokens.ts";
import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Records, Versioned } from "../../records.ts";
import { type Memory, memory } from "../../remembered.ts";
import { readSettings, SETTINGS_ID } from "../../settings/read-settings.ts";
import type { EnvironmentSettings, Settings } from "../../settings/settings.ts";
import { LedgerMemory } from "../limits/ledger.ts";
import { AccountPlaces } from "./account-places.ts";
import { Capacity } from "./capacity.ts";

/** The facts that decide about a message besides the message itself. */
export interface Facts {
  readonly server: Versioned<MailServer> | undefined;
  readonly settings: Settings;
}

interface FactDeps {
  readonly records: Records;
  readonly environment: EnvironmentSettings;
}

interface KnownToken {
  readonly grant: string;
  readonly outcome: Extract<AccessTokenOutcome, { readonly ok: true }>;
}

/**
 * Many small mails may be under way together, but few large ones: eight of the largest. Each is held about three times
 * over while it is composed.
 */
const BODY_BYTES = 256 * 1024 * 1024;

/** Where other instances want the account's places too, one that claims ahead would leave them none. */
const CLAIMS_AHEAD = 4;

interface InstanceOptions {
  /** How long settings and servers are remembered, nominal; 0, the default, turns this off. */
  readonly factsForMs?: number;
  /** Whether no other instance delivers mail of this store. */
  readonly isAlone?: boolean;
}

/** Identifies the grant of a token, which changes with a reconnect or a rotation. */
const grantMark = (server: MailServer): string => {
  const grant = grantOf(server);
  return grant === null ? "" : `${grant.secretVersion} ${grant.generation}`;
};

/**
 * Remembers facts within one instance of `deliver-mail`, so that each mail costs fewer reads. Remembered facts refuse
 * nothing, and a pause, a disconnection or an archiving takes effect within `factsForMs`.
 */
export class InstanceMemory {
  readonly ledgers: LedgerMemory;
  readonly bodies = new Capacity(BODY_BYTES);
  readonly places = new AccountPlaces();
  /** How many more mails of an account may be claimed than are handed over at once. */
  readonly claimsAhead: number;
  readonly #clock: Clock;
  readonly #servers: Memory<Versioned<MailServer>>;
  readonly #settings: Memory<Settings>;
  readonly #tokens: Memory<KnownToken>;

  constructor(clock: Clock, { factsForMs = 0, isAlone = false }: InstanceOptions = {}) {
    this.#clock = clock;
    this.ledgers = new LedgerMemory(isAlone ? (serverId) => this.places.claimed(serverId) : null);
    this.claimsAhead = isAlone ? CLAIMS_AHEAD : 0;
    this.#servers = memory({ clock, forMs: factsForMs });
    this.#settings = memory({ clock, forMs: factsForMs });
    this.#tokens = memory({ clock, forMs: 0 });
  }

  /** Reads the present facts. Throws `Unavailable`. */
  async readFacts(deps: FactDeps, serverId: string): Promise<Facts> {
    const [server, settings] = await Promise.all([
      deps.records.get("mailServers", serverId),
      readSettings(deps.records, deps.environment),
    ]);
    this.#noteServer(serverId, server);
    this.#settings.note(SETTINGS_ID, settings.value);
    return { server, settings: settings.value };
  }

  /** Prefers remembered facts, which suffice to go on, but not to refuse a message. Throws `Unavailable`. */
  async recallFacts(deps: FactDeps, serverId: string): Promise<Facts> {
    const settings = this.#settings.recall(SETTINGS_ID);
    if (settings === undefined) return this.readFacts(deps, serverId);
    const known = this.#servers.recall(serverId);
    if (known !== undefined) return { server: known, settings };
    const server = await deps.records.get("mailServers", serverId);
    this.#noteServer(serverId, server);
    return { server, settings };
  }

  /** Obtains a token of the server's present grant, from memory if it lives long enough. Throws `Unavailable`. */
  async obtainToken(
    deps: { readonly accessTokens: Pick<AccessTokens, "obtain"> },
    server: { readonly id: string; readonly value: MailServer },
  ): Promise<AccessTokenOutcome> {
    const known = this.#tokens.recall(server.id);
    const grant = grantMark(server.value);
    if (known?.grant === grant) return known.outcome;
    const outcome = await deps.accessTokens.obtain(server.id);
    if (outcome.ok) {
      const untilMs = outcome.expiresAtMs - this.#clock.lasting(LEAST_TOKEN_LIFE_MS);
      this.#tokens.note(server.id, { grant, outcome }, untilMs);
    } else this.#tokens.forget(server.id);
    return outcome;
  }

  /** Forgets a token that Gmail refused. */
  forgetToken(serverId: string): void {
    this.#tokens.forget(serverId);
  }

  #noteServer(serverId: string, value: Versioned<MailServer> | undefined): void {
    if (value === undefined) this.#servers.forget(serverId);
    else this.#servers.note(serverId, value);
  }
}
