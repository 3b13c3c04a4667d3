import assert from "node:assert/strict";
import { DAY, HOUR } from "../../functions/domain/clock.ts";
import type { GoogleOAuth, OAuthClient } from "../../functions/domain/google/tokens.ts";
import type { MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import type { TopicMessage } from "../../functions/domain/publisher.ts";
import type { Records, Write } from "../../functions/domain/records.ts";
import { Secret } from "../../functions/domain/secret.ts";
import { defaultSettings, SETTINGS_ID } from "../../functions/domain/settings/read-settings.ts";
import type { PushMessage } from "../../functions/runtime/event-edge.ts";
import { onPush } from "../../functions/runtime/handlers/refresh-tokens.ts";
import type { System } from "../../functions/runtime/system.ts";
import { type TestClock, testClock } from "./clock.ts";
import { type LoggedLine, testSystem } from "./edge.ts";
import { grant, mailServer } from "./mail-server.ts";
import { testStore } from "./store.ts";
import { telling } from "./telling.ts";

export const push = (data: unknown): PushMessage => ({
  data: Buffer.from(JSON.stringify(data)),
  attributes: {},
  messageId: "1",
  deliveryAttempt: 1,
});

/** Counts the calls to the store and the vault. */
class Counts {
  reads: Record<string, number> = {};
  writes = 0;
  secretsRead = 0;
  read(kind: string): void {
    this.reads[kind] = (this.reads[kind] ?? 0) + 1;
  }
}

/** Counts every call of a port. `onCall` runs at each, so that a test can measure in the middle of the work. */
const countCalls = (system: System, counts: Counts, onCall: () => void): System => ({
  ...system,
  records: {
    get: (kind, id) => {
      onCall();
      counts.read(kind);
      return system.records.get(kind, id);
    },
    query: (name, args, page) => {
      onCall();
      counts.read(name);
      return system.records.query(name, args, page);
    },
    commit: (writes) => {
      onCall();
      counts.writes += writes.length;
      return system.records.commit(writes);
    },
  },
  vault: {
    ...system.vault,
    read: (name, version) => {
      onCall();
      counts.secretsRead += 1;
      return system.vault.read(name, version);
    },
  },
  publisher: {
    publish: (topic, message) => {
      onCall();
      return system.publisher.publish(topic, message);
    },
  },
});

/** A Google without state, so that it uses no memory per server: a refresh token itself says whose it is. */
class ForgetfulGoogle implements Pick<GoogleOAuth, "refresh" | "identify"> {
  readonly #clock: TestClock;
  down = false;
  rejectsClient = false;
  refreshes = 0;

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  async refresh(_client: OAuthClient, refreshToken: Secret) {
    if (this.down) return { ok: false, refusal: { kind: "unreachable", reason: "down", retryAfterS: 1 } } as const;
    if (this.rejectsClient) {
      return { ok: false, refusal: { kind: "client_rejected", error: "invalid_client" } } as const;
    }
    this.refreshes += 1;
    const email = refreshToken.reveal().replace("refresh-of-", "");
    const tokens = {
      accessToken: new Secret(`access-${this.refreshes}`),
      expiresAtMs: this.#clock.nowMs() + HOUR,
      refreshToken: null,
      refreshTokenExpiresAtMs: null,
      scopes: ["openid", "https://mail.google.com/"],
      idToken: email,
    };
    return { ok: true, tokens } as const;
  }

  async identify(email: string) {
    return { ok: true, identity: { sub: `sub-of-${email}`, email, hostedDomain: "example.com" } } as const;
  }
}

export interface DueServers {
  readonly system: System;
  readonly clock: TestClock;
  readonly google: ForgetfulGoogle;
  readonly published: TopicMessage[];
  readonly lines: LoggedLine[];
  close(): void;
}

const emailOf = (at: number): string => `user${at}@example.com`;

const dueServer = (clock: TestClock, at: number, secretVersion: string): MailServer => {
  const email = emailOf(at);
  const times = { connectedAtMs: clock.nowMs() - DAY, lastVerifiedAtMs: clock.nowMs() - DAY };
  const held = grant({ ...times, email, sub: `sub-of-${email}`, secretVersion });
  const connection = { state: "valid", grant: held } as const;
  return mailServer({ name: `srv_${at}`, username: email, connection, nextCheckAtMs: clock.nowMs() - 1 });
};

/** The most writes in one commit. */
const AT_ONCE = 20;

/** Makes this many connected servers, each due for a check, in SQLite in memory or in the given records. */
export const dueServers = async (count: number, elsewhere?: Records): Promise<DueServers> => {
  const clock = testClock();
  const base = testSystem();
  const store = testStore(clock);
  const google = new ForgetfulGoogle(clock);
  const published: TopicMessage[] = [];
  const { vault } = store;
  const records = elsewhere ?? store.records;
  const secretVersion = await vault.add({ kind: "client_secret" }, new Secret("client secret"));
  const gmailCredentials = { clientId: "client-1", secretVersion, configuredAtMs: 0 };
  const settings = { ...defaultSettings(base.environment), gmailCredentials, publishingStatus: "production" } as const;
  await records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value: settings }]);
  for (let from = 0; from < count; from += AT_ONCE) {
    const writes: Write[] = [];
    for (let at = from; at < Math.min(from + AT_ONCE, count); at += 1) {
      const id = `srv_${at}`;
      const secret = new Secret(`refresh-of-${emailOf(at)}`);
      const pointer = await vault.add({ kind: "refresh_token", serverId: id }, secret);
      writes.push({ op: "create", kind: "mailServers", id, value: dueServer(clock, at, pointer) });
    }
    assert.ok((await records.commit(writes)).done);
  }
  const system: System = telling({
    ...base,
    ...store,
    records,
    clock,
    // No test here connects or disconnects.
    oauth: Object.assign(Object.create(base.oauth), {
      refresh: google.refresh.bind(google),
      identify: google.identify.bind(google),
    }),
    announce: async () => {},
    alert: async () => {},
    gmailAccount: { ...base.gmailAccount, sendAs: async () => "unavailable" },
    publisher: { publish: async (_topic, message) => void published.push(message) },
  });
  return { system, clock, google, published, lines: base.lines, close: () => store.close() };
};

interface SweepOptions {
  readonly elsewhere?: Records;
  /** Called at every call of a port. */
  readonly onCall?: () => void;
  /** How many checks run at once. */
  readonly atOnce?: number;
}

/**
 * Runs a tick and every check that it asks for, and returns the cost. Publishing takes one byte per server, so that it
 * does not affect the measurement.
 */
export const sweep = async (count: number, { elsewhere, onCall = () => undefined, atOnce = 1 }: SweepOptions = {}) => {
  const world = await dueServers(count, elsewhere);
  const counts = new Counts();
  const asked = new Uint8Array(count);
  const publish = async (_topic: string, { data }: TopicMessage): Promise<void> => {
    const at = Number(String((data as { readonly server: string }).server).slice("srv_".length));
    asked[at] = (asked[at] ?? 0) + 1;
  };
  const take = onPush(countCalls({ ...world.system, publisher: { publish } }, counts, onCall));
  const startedAtMs = performance.now();
  const cpu = process.cpuUsage();
  await take(push({ tick: true }));
  assert.ok(
    asked.every((times) => times === 1),
    "one message for each server",
  );
  for (let from = 0; from < count; from += atOnce) {
    const ids = Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => `srv_${from + at}`);
    await Promise.all(ids.map((server) => take(push({ server }))));
    world.lines.length = 0;
  }
  assert.equal(world.google.refreshes, count, "each grant was proven, once");
  const tookMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(cpu);
  asked.fill(0);
  await take(push({ tick: true }));
  assert.ok(
    asked.every((times) => times === 0),
    "and nothing is due any more",
  );
  world.close();
  return { counts, tookMs, cpuMs: (user + system) / 1_000 };
};
