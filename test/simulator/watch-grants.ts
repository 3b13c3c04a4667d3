import { DAY, HOUR } from "../../functions/domain/clock.ts";
import { grantOf, type MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import type { Secret } from "../../functions/domain/secret.ts";
import type { SecretName } from "../../functions/domain/secret-vault.ts";
import type { Accuse } from "./broken.ts";
import type { LiveGrant } from "./google.ts";
import type { MemoryRecords } from "./memory-records.ts";
import type { MemoryVault } from "./memory-vault.ts";
import type { Timeline } from "./timeline.ts";
import type { Weather } from "./weather.ts";

interface Deps {
  readonly timeline: Timeline;
  readonly weather: Weather;
  readonly records: () => MemoryRecords;
  readonly vault: () => MemoryVault;
  readonly accuse: Accuse;
  readonly onStateChange: (serverId: string, server: MailServer) => void;
}

/** A dead grant is found within a day and a half, because checks run once a day. */
const FOUND_WITHIN_MS = 36 * HOUR;
/** After a failure a check is tried again within six hours. */
const RECOVERED_AFTER_MS = 8 * HOUR;
const ORPHANED_MS = DAY;

/** Watches over grants and their secrets. */
export class WatchGrants {
  readonly #deps: Deps;
  /** The places in the vault that hold a refresh token. */
  readonly #places = new Map<string, { readonly serverId: string; readonly version: string }>();
  /** When it was last foretold that a server's grant would end. */
  readonly #foretold = new Map<string, number>();
  deaths = 0;
  foretold = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  #pointer(serverId: string): string | undefined {
    const server = this.#deps.records().read("mailServers", serverId)?.value;
    return server === undefined ? undefined : grantOf(server)?.secretVersion;
  }

  onSecret(name: SecretName, version: string, value: Secret | null): void {
    if (name.kind !== "refresh_token") return;
    const { serverId } = name;
    if (value !== null) {
      this.#places.set(value.reveal(), { serverId, version });
      this.#watchForOrphan(serverId, version);
    } else if (this.#pointer(serverId) === version)
      this.#deps.accuse("no pointer dangles", `${serverId} points to a secret that was destroyed`);
  }

  #watchForOrphan(serverId: string, version: string, afterMs = ORPHANED_MS): void {
    this.#deps.timeline.after(afterMs, () => {
      if (!this.#deps.vault().has({ kind: "refresh_token", serverId }, version)) return;
      if (this.#pointer(serverId) === version) return;
      if (this.#deps.weather.wellForMs < HOUR) return this.#watchForOrphan(serverId, version, HOUR);
      this.#deps.accuse("no secret orphaned", `${version} of ${serverId} belongs to nobody`);
    });
  }

  onWrite(serverId: string, before: MailServer | undefined, after: MailServer | undefined): void {
    const was = before === undefined ? undefined : grantOf(before)?.secretVersion;
    const is = after === undefined ? undefined : grantOf(after)?.secretVersion;
    if (is !== undefined && is !== was && !this.#deps.vault().has({ kind: "refresh_token", serverId }, is))
      this.#deps.accuse("no pointer dangles", `${serverId} points to no secret`);
    if (was !== undefined && was !== is) this.#watchForOrphan(serverId, was);
    if (after === undefined) return;
    const { state } = after.connection;
    if (state === "not_connected" || state === "reconnect_required") {
      const cached = this.#deps.records().read("accessTokens", serverId)?.value.sealed ?? null;
      if (cached !== null)
        this.#deps.accuse("no label green over a dead grant", `${serverId} keeps a token in ${state}`);
    } else if (after.nextCheckAtMs === null)
      this.#deps.accuse("no label green over a dead grant", `${serverId} is ${state} and will not be checked any more`);
    if (before?.connection.state !== state || was !== is) this.#deps.onStateChange(serverId, after);
  }

  onEvent(type: string, serverId: string): void {
    if (type !== "relais.server.expiring.v1") return;
    this.#foretold.set(serverId, this.#deps.timeline.nowMs);
    this.foretold += 1;
  }

  /** Google has ended a grant. */
  onEnd(grant: LiveGrant): void {
    const place = this.#places.get(grant.token);
    if (place === undefined) return;
    const { serverId, version } = place;
    if (this.#pointer(serverId) !== version) return;
    this.deaths += 1;
    const why = grant.dead?.why;
    const server = this.#deps.records().read("mailServers", serverId)?.value;
    const lives = server === undefined ? [] : (grantOf(server)?.sessionLivesMs ?? []);
    // A Workspace's session length is known from how the last two grants ended.
    const known = why === "testing" || why === "time_based" || (why === "session" && lives.length >= 2);
    if (known) this.#checkForetold(serverId, grant);
    this.#watchLabel(serverId, version, FOUND_WITHIN_MS);
  }

  #checkForetold(serverId: string, { issuedAtMs }: LiveGrant): void {
    const state = this.#deps.records().read("mailServers", serverId)?.value.connection.state;
    const told = (this.#foretold.get(serverId) ?? 0) > issuedAtMs;
    if (!told && (state === "valid" || state === "expiring") && this.#deps.weather.wellForMs > RECOVERED_AFTER_MS)
      this.#deps.accuse("every death foretold", `${serverId}'s grant has ended, and nobody was warned`);
  }

  #watchLabel(serverId: string, version: string, afterMs: number): void {
    this.#deps.timeline.after(afterMs, () => {
      const server = this.#deps.records().read("mailServers", serverId)?.value;
      if (server === undefined || grantOf(server)?.secretVersion !== version) return;
      const { state } = server.connection;
      if (state !== "valid" && state !== "expiring") return;
      if (this.#deps.weather.wellForMs < RECOVERED_AFTER_MS)
        return this.#watchLabel(serverId, version, RECOVERED_AFTER_MS);
      this.#deps.accuse("no label green over a dead grant", `${serverId} is ${state} although its grant has ended`);
    });
  }
}
