import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { mintedWrite, readEntry } from "../../../functions/domain/connections/tokens/token-cache.ts";
import type { MailTransport } from "../../../functions/domain/google/transports.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../../functions/domain/messages/accept/message-input.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { claimedAt, faultsOf, outOfOrder, waitOf } from "../../builders/claims.ts";
import { FULL_MAIL, grant, mailServer, OPERATOR } from "../../builders/mail-server.ts";
import { calmInstallation } from "../../simulator/calm-installation.ts";
import type { Process } from "../../simulator/process.ts";

const RUN = { servers: 3, processes: 4, messages: 40, perMinute: 5, minuteMs: MINUTE, slackMinutes: 1 };
/** More than can be sent, so that the line never ends. */
const ARRIVES_EVERY_MS = MINUTE / 7;
const OK = { code: 250, enhanced: null, response: "OK" };

/** It sends nothing, because only claims are counted. */
const transport = (process: Process): MailTransport => ({
  send: async (mail, _login, beforeData) => {
    await process.wait(300);
    if (!(await beforeData([]))) return { kind: "abandoned" };
    await process.wait(300);
    return { kind: "accepted", accepted: mail.envelope.to, refused: [], reply: OK, providerId: null };
  },
  probe: async () => [],
  close: async () => undefined,
});

const seed = async (system: System, id: string): Promise<void> => {
  const scopes = ["openid", "email", FULL_MAIL];
  const connection = { state: "valid", grant: grant({ email: "ada@example.com", scopes }) } as const;
  const value = mailServer({ name: id, limits: { perMinute: RUN.perMinute, perDay: 10_000 }, connection });
  const token = { accessToken: new Secret("token"), expiresAtMs: system.clock.nowMs() + HOUR, scopes };
  await system.records.commit([
    { op: "put", kind: "mailServers", id, value },
    await mintedWrite(system, { id, entry: await readEntry(system, id) }, token),
  ]);
};

const accept = async (system: System, server: string): Promise<string> => {
  const json = { server, to: "b@example.org", text: "Bonjour" };
  const submission = { principal: OPERATOR, json, idempotencyKey: null, sizeLimit: HTTP_SIZE_LIMIT };
  const result = await acceptMessage(system, submission);
  assert.ok(result.ok && result.value.kind === "accepted");
  return result.value.message.id;
};

/** `npm run soak` does the same with processes of their own, in real time. */
test("several instances never exceed the limits of several servers, release the oldest first, and are never late", async (t) => {
  const number = randomInt(2 ** 31);
  t.diagnostic(`seed ${number}`);
  const { timeline, records, ask } = calmInstallation(number, { instances: RUN.processes, transport });
  const servers = Array.from({ length: RUN.servers }, (_, n) => `srv_${n}`);
  const accepted = new Map<string, string[]>(servers.map((id) => [id, []]));
  const acceptAll = async (): Promise<void> => {
    for (const id of servers) await ask((system) => seed(system, id));
    for (let n = 0; n < RUN.messages; n += 1) {
      for (const id of servers) accepted.get(id)?.push(await ask((system) => accept(system, id)));
      // The others come while older ones wait, some of them just when there is room again.
      if (n > RUN.messages / 2) await new Promise<void>((resolve) => timeline.after(ARRIVES_EVERY_MS, resolve));
    }
  };
  const all = acceptAll();
  await timeline.run(timeline.nowMs + (RUN.messages / RUN.perMinute + 3) * MINUTE);
  await all;
  for (const ids of accepted.values()) {
    const messages = ids.flatMap((id) => records.read("messages", id)?.value ?? []);
    assert.deepEqual(new Set(messages.map(({ status }) => status)), new Set(["sent"]));
    const waits = messages.flatMap((message) => waitOf(message) ?? []);
    assert.ok(waits.length > RUN.messages / 2, "too few had to wait");
    assert.deepEqual(faultsOf(messages.map(claimedAt), RUN), []);
    assert.deepEqual(outOfOrder(waits, RUN), []);
  }
});
