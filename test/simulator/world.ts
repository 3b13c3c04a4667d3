import { DAY, HOUR, MINUTE, SECOND } from "../../functions/domain/clock.ts";
import type { Log, LogCode } from "../../functions/domain/log.ts";
import type { MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import { serverNameId } from "../../functions/domain/mail-servers/server-name.ts";
import type { Message } from "../../functions/domain/messages/message.ts";
import { Unavailable } from "../../functions/domain/problem.ts";
import type { Topic } from "../../functions/domain/publisher.ts";
import type { RecordKind } from "../../functions/domain/record-kinds.ts";
import { Secret } from "../../functions/domain/secret.ts";
import { defaultSettings, SETTINGS_ID } from "../../functions/domain/settings/read-settings.ts";
import type { OnPush } from "../../functions/runtime/event-edge.ts";
import { onPush as deliverMail } from "../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../functions/runtime/handlers/dispatch-due.ts";
import { onPush as refreshTokens } from "../../functions/runtime/handlers/refresh-tokens.ts";
import type { System } from "../../functions/runtime/system.ts";
import { type Accuse, Broken, type Promised } from "./broken.ts";
import { Chance } from "./chance.ts";
import { Fleet, type Scale } from "./fleet.ts";
import { Gmail } from "./gmail.ts";
import { type Account, CLIENT_ID, Google } from "./google.ts";
import { LaterRelease } from "./later-release.ts";
import { type Handed, type HandedOutcome, MemoryQueue } from "./memory-queue.ts";
import { MemoryRecords } from "./memory-records.ts";
import { MemoryVault } from "./memory-vault.ts";
import { type Owned, People } from "./people.ts";
import type { Process, Surroundings } from "./process.ts";
import { Senders } from "./senders.ts";
import { type Shared, systemOf } from "./system-of-process.ts";
import { Timeline } from "./timeline.ts";
import { WatchGrants } from "./watch-grants.ts";
import { WatchMail } from "./watch-mail.ts";
import { Weather } from "./weather.ts";

export interface Plan {
  readonly seed: number;
  readonly servers: number;
  readonly days: number;
  /** Mails that each server is given a day, on average. */
  readonly mailsPerDay: number;
}

const START_MS = Date.parse("2026-11-30T00:00:00Z");
/** How long records of final messages are kept; short, so that a month fits in memory. */
const RETENTION_DAYS = 1;
/** After the last day nothing goes wrong any more, and everything must come to its end. */
const REST_MS = 4 * DAY;

/** As in `infra/functions.tf`, with fewer instances. */
const SCALES = {
  web: { instances: 4, concurrency: 20, timeoutMs: 90 * SECOND },
  "mail-send": { instances: 6, concurrency: 8, timeoutMs: 300 * SECOND },
  "token-checks": { instances: 3, concurrency: 20, timeoutMs: 120 * SECOND },
  "mail-dispatch": { instances: 2, concurrency: 4, timeoutMs: 300 * SECOND },
} as const satisfies Readonly<Record<string, Scale>>;

const HANDLERS: Readonly<Record<Exclude<Topic, "mail-events">, (system: System) => OnPush>> = {
  "mail-send": deliverMail,
  "token-checks": refreshTokens,
  "mail-dispatch": dispatchDue,
};

/** These say that the program itself is at fault. */
const DEFECTS: readonly LogCode[] = ["dispatch_defect", "push_malformed"];

export interface Outcome {
  readonly plan: Plan;
  readonly broken: Broken | null;
  readonly digest: string;
  /** How many days had passed. */
  readonly days: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly logged: Readonly<Record<string, number>>;
}

/** A whole installation, with Google, the people around it and everything that goes wrong, from one seed. */
export class World {
  readonly #plan: Plan;
  readonly #timeline = new Timeline(START_MS);
  readonly #chance: Chance;
  readonly #weather: Weather;
  readonly #google: Google;
  readonly #gmail: Gmail;
  readonly #records: MemoryRecords;
  readonly #vault: MemoryVault;
  readonly #queue: MemoryQueue;
  readonly #mail: WatchMail;
  readonly #grants: WatchGrants;
  readonly #web: Fleet<System>;
  readonly #fleets: Readonly<Record<Exclude<Topic, "mail-events">, Fleet<OnPush>>>;
  readonly #owned = new Map<string, Owned>();
  readonly #people: People;
  readonly #senders: Senders;
  readonly #later: LaterRelease;
  readonly #logged = new Map<string, number>();
  #broken: Broken | null = null;
  #handedToParts = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    const chance = new Chance(plan.seed);
    const timeline = this.#timeline;
    const weather = new Weather(timeline, chance);
    const accuse: Accuse = (promised, how) => this.#accuse(promised, how);
    this.#chance = chance;
    this.#weather = weather;
    this.#google = new Google({ timeline, chance, weather }, { nonsense: 0.002, rotates: 0.02 });
    this.#gmail = new Gmail(
      { google: this.#google, timeline, chance, weather },
      { passing: 0.01, lostReply: 0.002, lateIndex: 0.1 },
    );
    this.#records = new MemoryRecords((kind, id, change) => this.#onWrite(kind, id, change), 16);
    this.#vault = new MemoryVault((name, version, value) => this.#grants.onSecret(name, version, value));
    const places = { timeline, weather, records: () => this.#records, vault: () => this.#vault, accuse };
    this.#mail = new WatchMail({
      ...places,
      onDoubt: (id) => this.#people.onDoubt(id),
      onFailed: (id) => this.#people.onFailed(id),
      forget: (messageId) => this.#gmail.forget(messageId),
    });
    this.#grants = new WatchGrants({
      ...places,
      onStateChange: (serverId, server) => this.#people.onStateChange(serverId, server),
    });
    const faults = { twice: 0.01, late: 0.01, lostAck: 0.002, dead: 0.0005 };
    this.#queue = new MemoryQueue({ timeline, chance, faults }, (handed) => this.#hand(handed));
    const around: Surroundings = {
      timeline,
      chance,
      weather,
      hardships: { callsLived: 4_000, failure: 0.001, slow: 0.002, freeze: 0.00002 },
    };
    const shared: Shared = {
      chance,
      records: this.#records,
      vault: this.#vault,
      publisher: this.#queue,
      google: this.#google,
      gmail: this.#gmail,
      log: this.#log(),
      retentionDays: RETENTION_DAYS,
    };
    const system = (process: Process): System => systemOf(process, shared);
    const fleetOf = (topic: Exclude<Topic, "mail-events">): Fleet<OnPush> =>
      new Fleet(around, SCALES[topic], (process) => HANDLERS[topic](system(process)));
    this.#web = new Fleet(around, SCALES.web, system);
    this.#fleets = {
      "mail-send": fleetOf("mail-send"),
      "token-checks": fleetOf("token-checks"),
      "mail-dispatch": fleetOf("mail-dispatch"),
    };
    const own = { timeline, chance, weather, records: this.#records, web: this.#web };
    this.#people = new People({ ...own, google: this.#google, watch: this.#mail, owned: this.#owned });
    this.#senders = new Senders({ ...own, people: this.#people, accuse });
    this.#later = new LaterRelease({
      ...own,
      serverIds: () => [...this.#owned.keys()],
      accuse,
      rollOut: () => {
        for (const fleet of [this.#web, ...Object.values(this.#fleets)]) fleet.restart();
      },
    });
    this.#gmail.onTaken = ({ messageId, recipients }) => this.#mail.onTaken(messageId, recipients);
    this.#google.onEnd = (grant) => this.#grants.onEnd(grant);
  }

  #accuse(promised: Promised, how: string): void {
    this.#broken ??= new Broken(promised, how, this.#timeline.nowMs);
    this.#timeline.fail(this.#broken);
  }

  #log(): Log {
    const note = (code: LogCode, error?: unknown): void => {
      this.#logged.set(code, (this.#logged.get(code) ?? 0) + 1);
      if (DEFECTS.includes(code)) this.#accuse("no defect", `${code} ${String(error)}`);
    };
    return {
      info: (code) => note(code),
      warn: (code) => note(code),
      error: (code, _fields, error) => {
        note(code);
        if (error !== undefined) this.#judge(error);
      },
    };
  }

  /** Only what cannot be reached may be thrown. */
  #judge(error: unknown): void {
    if (error instanceof Unavailable) return;
    const how = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#accuse("no defect", how);
  }

  #onWrite(
    kind: RecordKind,
    id: string,
    { before, after }: { readonly before: unknown; readonly after: unknown },
  ): void {
    this.#later.onWrite(kind, id, { before, after });
    // The kind says what the values are.
    if (kind === "messages") this.#mail.onWrite(id, before as Message | undefined, after as Message | undefined);
    if (kind !== "mailServers") return;
    this.#mail.onServer(id, before as MailServer | undefined, after as MailServer | undefined);
    this.#grants.onWrite(id, before as MailServer | undefined, after as MailServer | undefined);
  }

  async #hand({ topic, messageId, attributes, json, attempt }: Handed): Promise<HandedOutcome> {
    if (topic === "mail-events") return this.#hear(attributes);
    if (attributes.relais === "part") this.#handedToParts += 1;
    const message = { messageId, attributes, data: Buffer.from(json), deliveryAttempt: attempt };
    const answer = await this.#fleets[topic].ask((onPush) => onPush(message));
    if (answer.kind === "answered") return answer.value;
    if (answer.kind !== "threw") return answer.kind;
    this.#judge(answer.error);
    return "nack";
  }

  #hear({ type = "", subject = "" }: Readonly<Record<string, string>>): HandedOutcome {
    if (type.startsWith("relais.message.")) this.#mail.onEvent(type, subject);
    else this.#grants.onEvent(type, subject);
    return "ack";
  }

  async #furnish(): Promise<void> {
    const chance = this.#chance;
    const secretVersion = await this.#vault.add({ kind: "client_secret" }, new Secret("client secret"));
    const environment = {
      operators: ["olga@example.com"],
      members: [],
      callers: [],
      retentionDays: RETENTION_DAYS,
      publicUrl: "https://relais.example.com",
      smtpDoor: null,
    };
    this.#google.testing = chance.happens(0.3);
    const undeclared = chance.happens(0.3);
    const declared = this.#google.testing ? "testing" : "production";
    const gmailCredentials = { clientId: CLIENT_ID, secretVersion, configuredAtMs: START_MS };
    const { operators: _, ...settings } = defaultSettings(environment);
    this.#records.write([
      {
        op: "create",
        kind: "settings",
        id: SETTINGS_ID,
        value: { ...settings, operators: [], gmailCredentials, publishingStatus: undeclared ? "undeclared" : declared },
      },
    ]);
    let account: Account | undefined;
    for (let at = 0; at < this.#plan.servers; at += 1) {
      // One server in twenty shares the account of the one before.
      if (account === undefined || !chance.happens(0.05)) account = this.#newAccount(at);
      this.#newServer(at, account);
    }
  }

  #newAccount(at: number): Account {
    const chance = this.#chance;
    const consumer = chance.happens(0.3);
    return this.#google.newAccount(`u${at}@${consumer ? "gmail.com" : "example.com"}`, {
      hostedDomain: consumer ? null : "example.com",
      sessionMs: !consumer && chance.happens(0.01) ? chance.between(16 * HOUR, DAY) : null,
      timeLimitMs: chance.happens(0.05) ? chance.between(4 * DAY, 20 * DAY) : null,
    });
  }

  #newServer(at: number, account: Account): void {
    const id = `srv_${String(at).padStart(6, "0")}`;
    const name = `Server ${at}`;
    const value: MailServer = {
      name,
      description: "",
      username: account.email,
      transport: this.#chance.happens(0.2) ? "gmail_api" : "smtp",
      fromFilter: [],
      priority: 10,
      active: true,
      limits: null,
      sendAsUnchecked: false,
      connection: { state: "not_connected", reason: null },
      accountSub: null,
      nextCheckAtMs: null,
      createdAtMs: START_MS + at,
      updatedAtMs: START_MS + at,
    };
    this.#owned.set(id, { serverId: id, account });
    this.#records.write([
      { op: "create", kind: "mailServers", id, value },
      { op: "create", kind: "serverNames", id: serverNameId(name), value: { serverId: id } },
    ]);
  }

  #begin(): void {
    const timeline = this.#timeline;
    const tick = (topic: "mail-dispatch" | "token-checks", everyMs: number): void =>
      timeline.repeat(
        () => everyMs,
        () => void this.#queue.publish(topic, { data: {}, attributes: {} }),
      );
    tick("mail-dispatch", MINUTE);
    tick("token-checks", 5 * MINUTE);
    timeline.repeat(
      () => HOUR,
      () => {
        this.#google.tidy();
        this.#records.eraseExpired(timeline.nowMs);
      },
    );
    const ids = [...this.#owned.keys()];
    for (const id of ids) timeline.after(this.#chance.between(0, 2 * HOUR), () => void this.#people.connect(id));
    timeline.after(2 * HOUR, () => {
      this.#people.live();
      this.#later.live();
      this.#senders.live(ids, this.#plan.mailsPerDay);
    });
  }

  /** Lives through the days, then through some more in which nothing goes wrong. */
  async run(): Promise<Outcome> {
    const endMs = START_MS + this.#plan.days * DAY;
    try {
      await this.#furnish();
      this.#begin();
      await this.#timeline.run(endMs);
      this.#weather.calmDown();
      await this.#timeline.run(endMs + REST_MS);
      this.#mail.checkEnd();
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
    }
    return {
      plan: this.#plan,
      broken: this.#broken,
      digest: this.#timeline.digest,
      days: (this.#timeline.nowMs - START_MS) / DAY,
      counts: {
        happenings: this.#timeline.happened,
        accepted: this.#mail.accepted,
        ...this.#mail.ended,
        taken: this.#mail.taken,
        doubted: this.#mail.doubts,
        refused: this.#senders.refused,
        open: this.#mail.open,
        consents: this.#people.connects,
        deaths: this.#grants.deaths,
        foretold: this.#grants.foretold,
        deadLetters: this.#queue.deadLetters,
        marked: this.#later.marked,
        parked: this.#later.parked,
        dueInParts: this.#handedToParts,
      },
      logged: Object.fromEntries([...this.#logged].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }
}
