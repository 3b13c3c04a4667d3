import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { googleOAuth } from "../../../functions/adapters/google-oauth/google-oauth.ts";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import type { TopicMessage } from "../../../functions/domain/publisher.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { defaultSettings, SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import type { OnPush } from "../../../functions/runtime/event-edge.ts";
import { onPush as deliverMail } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { onPush as refreshTokens } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { testClock } from "../../builders/clock.ts";
import { acceptedMessage } from "../../builders/delivery.ts";
import { push } from "../../builders/due-servers.ts";
import { testSystem } from "../../builders/edge.ts";
import { grant, mailServer } from "../../builders/mail-server.ts";
import { testStore } from "../../builders/store.ts";
import { telling } from "../../builders/telling.ts";
import { answerCases, type Meaning, type ScriptedGoogle, scriptedGoogle } from "./answers.ts";

const cases = answerCases();
const id = (at: number): string => `srv_${at}`;

/** The functions behind the topics, on a store in memory, with a Google that answers by the script. */
const startWorld = async (google: ScriptedGoogle) => {
  const clock = testClock();
  const base = testSystem({
    GOOGLE_ISSUER: google.origin,
    GOOGLE_AUTHORIZATION_ENDPOINT: `${google.origin}/auth`,
    GOOGLE_TOKEN_ENDPOINT: `${google.origin}/token`,
    GOOGLE_REVOCATION_ENDPOINT: `${google.origin}/revoke`,
    GOOGLE_JWKS_URI: `${google.origin}/certs`,
    GOOGLE_RISC_CONFIGURATION: `${google.origin}/risc`,
    GMAIL_API_ROOT_URL: google.origin,
  });
  const store = testStore(clock);
  const published: { topic: string; message: TopicMessage }[] = [];
  const system: System = telling({
    ...base,
    ...store,
    clock,
    oauth: googleOAuth(base.config, clock),
    announce: async () => undefined,
    alert: async () => undefined,
    publisher: { publish: async (topic, message) => void published.push({ topic, message }) },
  });
  const { records, vault } = store;
  const secretVersion = await vault.add({ kind: "client_secret" }, new Secret("client secret"));
  const gmailCredentials = { clientId: "client-1", secretVersion, configuredAtMs: 0 };
  const settings = { ...defaultSettings(base.environment), gmailCredentials, publishingStatus: "production" } as const;
  await records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value: settings }]);
  for (const at of cases.keys()) {
    const pointer = await vault.add({ kind: "refresh_token", serverId: id(at) }, new Secret(String(at)));
    const held = grant({ secretVersion: pointer, sub: String(at), lastVerifiedAtMs: clock.nowMs() });
    const connection = { state: "valid", grant: held } as const;
    const value: MailServer = mailServer({ name: id(at), transport: "gmail_api", connection, nextCheckAtMs: 0 });
    const message = { ...acceptedMessage(clock, `msg_${at}`), serverId: id(at) };
    await records.commit([
      { op: "create", kind: "mailServers", id: id(at), value },
      { op: "create", kind: "messages", id: `msg_${at}`, value: message },
    ]);
  }
  const functions: Readonly<Record<string, OnPush>> = {
    "mail-send": deliverMail(system),
    "mail-dispatch": dispatchDue(system),
    "token-checks": refreshTokens(system),
  };
  const take = async (topic: string, { data, attributes }: TopicMessage): Promise<void> => {
    const outcome = await functions[topic]?.({ ...push(data), attributes });
    assert.equal(outcome, "ack", `${topic} ${JSON.stringify(data)}`);
  };
  const work = async (): Promise<void> => {
    while (published.length > 0) {
      const batch = published.splice(0, 20);
      await Promise.all(batch.map(({ topic, message }) => take(topic, message)));
    }
  };
  return {
    clock,
    lines: base.lines,
    tick: async (topic: "mail-dispatch" | "token-checks"): Promise<void> => {
      await take(topic, { data: { tick: true }, attributes: {} });
      await work();
    },
    read: async (at: number) => {
      const [server, message] = await Promise.all([
        records.get("mailServers", id(at)),
        records.get("messages", `msg_${at}`),
      ]);
      assert.ok(server !== undefined && message !== undefined);
      const { connection } = server.value;
      const reason = "reason" in connection ? connection.reason : null;
      return { state: connection.state, reason, status: message.value.status };
    },
    close: async () => {
      await Promise.all(Object.values(system.transports).map((transport) => transport.close()));
      store.close();
    },
  };
};

const SHOWN: Readonly<Record<Meaning, readonly [state: string, status: string]>> = {
  ended: ["reconnect_required", "held"],
  client_rejected: ["error", "held"],
  put_off: ["valid", "deferred"],
};

describe(`each of ${cases.length} answers of the token endpoint`, () => {
  let google: ScriptedGoogle;
  let world: Awaited<ReturnType<typeof startWorld>>;
  before(async () => {
    google = await scriptedGoogle(cases);
    world = await startWorld(google);
  });
  after(async () => {
    await world.close();
    await google.close();
  });

  const judgeAll = async (shown: (meaning: Meaning) => readonly [string, string]): Promise<void> => {
    const wrong: string[] = [];
    for (const [at, { what, meaning, reason: told }] of cases.entries()) {
      const { state, reason, status } = await world.read(at);
      const [wantedState, wantedStatus] = shown(meaning);
      const right = state === wantedState && status === wantedStatus && (told === undefined || told === reason);
      if (!right) wrong.push(`${what}: ${state} (${reason}), its mail ${status}, not ${wantedState}, ${wantedStatus}`);
    }
    assert.deepEqual(wrong, []);
  };

  it("is one of at least five hundred, and every meaning occurs", () => {
    assert.ok(cases.length >= 500);
    const meanings = new Set(cases.map(({ meaning }) => meaning));
    assert.equal(meanings.size, 3);
  });

  it("ends a grant only by a code that means its end, and fails no mail, if a mail meets it", async () => {
    world.clock.advance(2 * MINUTE);
    await world.tick("mail-dispatch");
    await judgeAll((meaning) => SHOWN[meaning]);
  });

  it("changes nothing if checks meet it again", async () => {
    world.clock.advance(26 * HOUR);
    await world.tick("token-checks");
    await judgeAll((meaning) => SHOWN[meaning]);
  });

  it("is logged with its status and code, and never with its text", () => {
    const logged = JSON.stringify(world.lines);
    assert.match(logged, /status 400, error internal_error/);
    assert.match(logged, /status 403, no token answer/);
    assert.doesNotMatch(logged, /hotel|xxxx|Bad Request/);
    const unheard = world.lines.filter(({ code }) => code === "google_unreachable").length;
    assert.ok(unheard >= cases.filter(({ meaning }) => meaning === "put_off").length);
  });

  it("lets mail go once Google is well again, unless it ended the grant", async () => {
    google.well = true;
    world.clock.advance(HOUR + 30 * MINUTE);
    await world.tick("token-checks");
    for (let hours = 0; hours < 14; hours += 1) {
      await world.tick("mail-dispatch");
      world.clock.advance(HOUR);
    }
    await judgeAll((meaning) => (meaning === "ended" ? SHOWN.ended : ["valid", "sent"]));
    for (const [at, { meaning }] of cases.entries()) assert.equal(google.sentBy.has(at), meaning !== "ended");
  });
});
