import { newSessionId } from "../../functions/domain/access/sessions.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../functions/domain/clock.ts";
import { takeSecurityEvents } from "../../functions/domain/connections/checks/security-events.ts";
import { confirmAuthorization } from "../../functions/domain/connections/connect/confirm.ts";
import { startConnecting } from "../../functions/domain/connections/connect/start.ts";
import { disconnect } from "../../functions/domain/connections/endings/disconnect.ts";
import type { SecurityEvents } from "../../functions/domain/google/security-events.ts";
import { editMailServer } from "../../functions/domain/mail-servers/edit-mail-server.ts";
import type { MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import { cancelMessage } from "../../functions/domain/messages/commands/cancel.ts";
import { resolveByPerson } from "../../functions/domain/messages/commands/resolve-by-person.ts";
import { retryMessage } from "../../functions/domain/messages/commands/retry-message.ts";
import { releaseAllHeld } from "../../functions/domain/messages/due/release.ts";
import { editSettings } from "../../functions/domain/settings/edit-settings.ts";
import type { System } from "../../functions/runtime/system.ts";
import type { Chance } from "./chance.ts";
import type { Fleet } from "./fleet.ts";
import { DENIAL_MS } from "./gmail.ts";
import { type Account, CLIENT_ID, type Google } from "./google.ts";
import type { MemoryRecords } from "./memory-records.ts";
import type { Timeline } from "./timeline.ts";
import type { WatchMail } from "./watch-mail.ts";
import type { Weather } from "./weather.ts";

const OPERATOR = { kind: "operator", email: "olga@example.com" } as const;

/** How often each happens to one account, on average. */
const OFTEN = {
  revoked: 60 * DAY,
  disabled: 120 * DAY,
  renamed: 120 * DAY,
  refused: 90 * DAY,
  quotaUsedUp: 60 * DAY,
  reconnected: 60 * DAY,
  disconnected: 120 * DAY,
  archived: 120 * DAY,
  limited: 60 * DAY,
};
/** How often each happens to the installation. */
const RARELY = { paused: 5 * DAY, clientBroken: 20 * DAY };

export interface Owned {
  readonly serverId: string;
  readonly account: Account;
}

interface Deps {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly google: Google;
  readonly records: MemoryRecords;
  readonly web: Fleet<System>;
  readonly watch: WatchMail;
  readonly owned: ReadonlyMap<string, Owned>;
}

/** The people around Relais: they connect, rename and revoke accounts, decide what is in doubt, and change plans. */
export class People {
  readonly #deps: Deps;
  readonly #connecting = new Set<string>();
  readonly #lookingAgain = new Set<string>();
  readonly #deciding = new Set<string>();
  connects = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Everything that happens by itself, from now on. */
  live(): void {
    const { timeline, chance, owned, google } = this.#deps;
    const every = (meanMs: number, act: () => void): void =>
      timeline.repeat(
        () => chance.waiting(meanMs),
        () => {
          if (!this.#deps.weather.isCalm) act();
        },
      );
    const all = [...owned.values()];
    const toSomeone = (meanMs: number, act: (of: Owned) => void): void =>
      every(meanMs / Math.max(1, all.length), () => {
        const of = all[chance.below(all.length)];
        if (of !== undefined) act(of);
      });
    toSomeone(OFTEN.revoked, ({ account }) => this.#revoke(account));
    toSomeone(OFTEN.disabled, ({ account }) => this.#disable(account));
    toSomeone(OFTEN.renamed, ({ account }) => this.#rename(account));
    toSomeone(OFTEN.refused, ({ account }) => {
      account.refusedUntilMs = timeline.nowMs + chance.between(DENIAL_MS.shortest, DENIAL_MS.longest);
    });
    toSomeone(OFTEN.quotaUsedUp, ({ account }) => {
      account.quotaUntilMs = timeline.nowMs + chance.between(HOUR, DAY);
    });
    toSomeone(OFTEN.reconnected, ({ serverId }) => void this.connect(serverId));
    toSomeone(OFTEN.disconnected, ({ serverId }) => this.#disconnect(serverId));
    toSomeone(OFTEN.archived, ({ serverId }) => this.#archive(serverId));
    toSomeone(OFTEN.limited, ({ serverId }) => this.#limit(serverId));
    every(RARELY.paused, () => this.#pause());
    every(RARELY.clientBroken, () => {
      google.rejectsClient = true;
      timeline.after(chance.between(10 * MINUTE, 4 * HOUR), () => {
        google.rejectsClient = false;
      });
    });
  }

  // --- at Google ---

  #tell(account: Account, type: string): void {
    const { timeline, chance } = this.#deps;
    // Half of the events never come, and some come twice.
    if (chance.happens(0.5)) return;
    const proven: SecurityEvents = {
      jti: chance.token(12),
      issuedAtMs: Math.floor(timeline.nowMs),
      audience: [CLIENT_ID],
      events: [{ type, sub: account.sub, tokenMark: null }],
    };
    const push = (): void => {
      void this.#deps.web.ask((system) => takeSecurityEvents(system, JSON.stringify(proven)));
    };
    timeline.after(chance.between(SECOND, 5 * MINUTE), push);
    if (chance.happens(0.2)) timeline.after(chance.between(SECOND, HOUR), push);
  }

  #revoke(account: Account): void {
    this.#deps.google.endAll(account, "revoked");
    this.#tell(account, "tokens-revoked");
  }

  #disable(account: Account): void {
    const { timeline, chance } = this.#deps;
    account.disabled = true;
    this.#tell(account, "account-disabled");
    timeline.after(chance.between(HOUR, 2 * DAY), () => {
      account.disabled = false;
      this.#tell(account, "account-enabled");
    });
  }

  #rename(account: Account): void {
    account.formerEmails.push(account.email);
    const at = account.email.lastIndexOf("@");
    account.email = `new${account.formerEmails.length}-${account.email.slice(0, at)}${account.email.slice(at)}`;
  }

  // --- at Relais ---

  /** Consents for a server, with the mistakes that people make, and tries again until it is connected. */
  async connect(serverId: string): Promise<void> {
    if (this.#connecting.has(serverId)) return;
    this.#connecting.add(serverId);
    const { timeline, chance } = this.#deps;
    try {
      for (let tries = 0; tries < 50; tries += 1) {
        if (await this.#connectOnce(serverId)) return;
        await new Promise<void>((resolve) => timeline.after(chance.between(MINUTE, HOUR), resolve));
      }
    } finally {
      this.#connecting.delete(serverId);
    }
  }

  async #connectOnce(serverId: string): Promise<boolean> {
    const { timeline, chance, google, web, owned, weather } = this.#deps;
    const account = owned.get(serverId)?.account;
    if (account === undefined || account.disabled) return false;
    this.connects += 1;
    const sessionId = newSessionId(chance);
    const browser = { sessionId, live: false, principal: OPERATOR };
    const started = await web.ask((system) => startConnecting(system, browser, serverId));
    if (started.kind !== "answered" || !started.value.ok) return false;
    await new Promise<void>((resolve) => timeline.after(chance.between(5 * SECOND, 3 * MINUTE), resolve));
    const errs = !weather.isCalm && chance.happens(0.05);
    const came = errs && chance.happens(0.5) ? this.#anyAccount(account) : account;
    const back = google.consent(started.value.value.location, came, { unticks: errs && came === account });
    const callback = { sessionId, error: null, ...back };
    for (let loads = 0; loads < 4; loads += 1) {
      const confirmed = await web.ask((system) =>
        confirmAuthorization({ ...system, setupToken: null, production: true }, callback),
      );
      if (confirmed.kind === "answered" && confirmed.value.kind !== "failed") return true;
      if (confirmed.kind === "answered" && confirmed.value.kind === "failed") {
        if (confirmed.value.problem.code !== "google_unavailable") return false;
      }
      await new Promise<void>((resolve) => timeline.after(chance.between(SECOND, MINUTE), resolve));
    }
    return false;
  }

  #anyAccount(but: Account): Account {
    const { chance, google } = this.#deps;
    const all = [...google.accounts.values()];
    return all[chance.below(all.length)] ?? but;
  }

  /** Sooner or later a person sees that a server needs them. */
  onStateChange(serverId: string, { connection, username }: MailServer): void {
    const { timeline, chance } = this.#deps;
    const { state } = connection;
    const wants =
      state === "reconnect_required" || state === "not_connected" || state === "expiring" || state === "error";
    if (!wants) return;
    const withinMs = state === "expiring" ? 6 * DAY : 12 * HOUR;
    timeline.after(chance.between(10 * MINUTE, withinMs), () => this.#care(serverId, username));
  }

  #care(serverId: string, username: string): void {
    const { records, owned } = this.#deps;
    const server = records.read("mailServers", serverId)?.value;
    if (server === undefined) return;
    const { connection } = server;
    if (connection.state === "valid") return;
    const reason = connection.state === "not_connected" ? null : connection.reason;
    const email = owned.get(serverId)?.account.email ?? username;
    this.#lookAgain(serverId, username);
    if ((reason === "account_mismatch" || reason === "account_renamed") && email !== server.username)
      return void this.#edit(serverId, { username: email }).then(() => this.connect(serverId));
    if (reason === "gmail_refused" || reason === "client_rejected") return;
    void this.connect(serverId);
  }

  /** Nobody leaves a server alone for weeks while its mail piles up. */
  #lookAgain(serverId: string, username: string): void {
    if (this.#lookingAgain.has(serverId)) return;
    this.#lookingAgain.add(serverId);
    this.#deps.timeline.after(this.#deps.chance.between(DAY, 2 * DAY), () => {
      this.#lookingAgain.delete(serverId);
      this.#care(serverId, username);
    });
  }

  async #edit(serverId: string, patch: object): Promise<void> {
    await this.#insist((system) => editMailServer(system, OPERATOR, { id: serverId, patch, ifMatch: null }));
  }

  /** A person repeats what was not answered. */
  async #insist<T>(act: (system: System) => Promise<T>): Promise<T | undefined> {
    const { timeline, chance, web } = this.#deps;
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await web.ask(act);
      if (answer.kind === "answered") return answer.value;
      await new Promise<void>((resolve) => timeline.after(chance.between(SECOND, 10 * MINUTE), resolve));
    }
    return undefined;
  }

  #disconnect(serverId: string): void {
    void this.#insist((system) => disconnect(system, serverId, OPERATOR.email));
  }

  #archive(serverId: string): void {
    const { timeline, chance } = this.#deps;
    void this.#edit(serverId, { active: false });
    timeline.after(chance.between(HOUR, DAY), () => void this.#edit(serverId, { active: true }));
  }

  #limit(serverId: string): void {
    const { chance } = this.#deps;
    const limits = { perMinute: 5 + chance.below(30), perDay: 100 + chance.below(900) };
    void this.#edit(serverId, { limits: chance.happens(0.5) ? null : limits });
  }

  #pause(): void {
    const { timeline, chance } = this.#deps;
    void this.#insist((system) => editSettings(system, OPERATOR, { paused: true }));
    timeline.after(chance.between(5 * MINUTE, 2 * HOUR), () => {
      void this.#insist((system) => editSettings(system, OPERATOR, { paused: false })).then(() =>
        this.#deps.web.ask((system) => releaseAllHeld(system)),
      );
    });
  }

  /** A person looks into the sent mail and decides; sometimes they resend what they did not find. */
  onDoubt(id: string): void {
    if (this.#deciding.has(id)) return;
    this.#deciding.add(id);
    const { timeline, chance, watch } = this.#deps;
    timeline.after(chance.between(HOUR, 12 * HOUR), () => {
      const as = watch.missing(id) === 0 ? "sent" : chance.pick(["resend", "failed"]);
      void this.#insist((system) => resolveByPerson(system, OPERATOR, { id, body: { as } })).then(() =>
        this.#deciding.delete(id),
      );
    });
  }

  onFailed(id: string): void {
    const { timeline, chance } = this.#deps;
    if (!chance.happens(0.05)) return;
    timeline.after(chance.between(MINUTE, HOUR), () => {
      void this.#insist((system) => retryMessage(system, OPERATOR, id));
    });
  }

  /** Somebody thinks better of it. */
  async cancel(id: string): Promise<void> {
    this.#deps.watch.noteCanceled(id);
    await this.#insist((system) => cancelMessage(system, OPERATOR, id));
  }
}
