import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { messageEvent } from "../../../functions/domain/messages/message-events.ts";
import { type News, newNotice } from "../../../functions/domain/news.ts";
import type { Announcement, EventType } from "../../../functions/domain/publisher.ts";
import { EVENT_TYPES, eventSchemaName } from "../../../functions/reference/schemas/events.ts";
import { ref } from "../../../functions/reference/schemas/json-schema.ts";
import { announcer } from "../../../functions/runtime/announce.ts";
import { faultOf } from "../../builders/api-description.ts";
import { inState, type MessageBench, messageBench } from "../../builders/messages.ts";
import { noteNothing } from "../../builders/no-documents.ts";
import { telling } from "../../builders/telling.ts";

const grant = { sub: "1", email: "ada@example.com", connectedAtMs: 0 };
const server = { id: "srv_1", name: "Billing", username: "ada@example.com" };

/** The news of which an event tells. */
const NEWS: readonly News[] = [
  { kind: "connected", server, email: "ada@example.com", transport: "smtp" },
  { kind: "disconnected", server, outcome: null },
  { kind: "disconnected", server, outcome: { revoked: false, sharedWith: ["srv_2"] } },
  { kind: "expiring", server, grant, reason: "testing_7d", expiresAtMs: 1, warning: "first" },
  { kind: "expiring", server, grant, reason: "token_cap", expiresAtMs: null, warning: "last" },
  { kind: "reconnect_required", server, grant, reason: "admin_policy", sinceMs: 0, evidence: { error: "x", count: 1 } },
];

/** What is published for these announcements, as the topic gets it. */
const published = async (bench: MessageBench, announcements: readonly Announcement[]) => {
  const events: unknown[] = [];
  const publisher = { publish: async (_: unknown, { data }: { readonly data: unknown }) => void events.push(data) };
  const announce = announcer({
    ...bench,
    publisher,
    noteDelivery: noteNothing,
    publicUrl: "https://relais.example.com",
  });
  for (const announcement of announcements) await announce(announcement);
  return events;
};

const isMessageEvent = (type: EventType): type is Extract<EventType, `relais.message.${string}`> =>
  type.startsWith("relais.message.");

describe("The description of events", () => {
  it("is true of every event that is published", async () => {
    const bench = messageBench();
    after(() => bench.close());
    await bench.addServer("srv_1");
    const { id, value } = await bench.accepted({ to: "b@example.org", subject: "s", text: "t", tags: { kind: "x" } });
    const told: Announcement[] = EVENT_TYPES.filter(isMessageEvent).map((type) => messageEvent(type, id, value));
    const held = inState(value, { status: "held", dueAtMs: null, because: "paused", sinceMs: 0 });
    told.push(messageEvent("relais.message.held.v1", id, held));
    const smtp = { code: 550, enhanced: "5.1.1", response: "no such user" };
    const attempts = [{ atMs: 0, outcome: "failed", smtp, problem: "recipients_refused" }] as const;
    told.push(messageEvent("relais.message.failed.v1", id, { ...value, attempts }));
    const { tell } = telling({ ...bench, announce: async (announcement) => void told.push(announcement) });
    for (const news of NEWS) await tell({ id: "evt_1", version: "1", value: newNotice(bench.clock, news) });
    told.push({ type: "relais.server.quota_warning.v1", subject: "srv_1", data: { server: "srv_1" } });
    const seen = new Set<string>(told.map(({ type }) => type));
    assert.deepEqual(
      [...EVENT_TYPES].filter((type) => !seen.has(type)),
      [],
    );
    for (const [at, event] of (await published(bench, told)).entries()) {
      const type = told[at]?.type ?? "relais.message.sent.v1";
      assert.equal(faultOf(ref(eventSchemaName(type)), event), null, JSON.stringify(event));
    }
  });
});
