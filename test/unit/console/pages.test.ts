import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Attempt, MailServer, Message } from "../../../functions/console/api/types.ts";
import { verdictOf } from "../../../functions/console/pages/home/verdict.ts";
import { historyOf, lastRefusal, refusedOf } from "../../../functions/console/pages/message/history.ts";
import { connectOffer } from "../../../functions/console/pages/server/connect-offer.ts";
import { creationOf, draftOf, EMPTY_DRAFT, entriesOf, patchOf } from "../../../functions/console/pages/server/draft.ts";
import { needingAttention } from "../../../functions/console/pages/server/needing-attention.ts";
import { type PeopleDraft, patchOf as peoplePatchOf } from "../../../functions/console/pages/settings/people-draft.ts";
import type { ConnectionState } from "../../../functions/domain/connection-states.ts";
import { parseWith } from "../../../functions/domain/field-problems.ts";
import { mailServerInput } from "../../../functions/domain/mail-servers/mail-server-input.ts";
import { commandsFor, MESSAGE_STATUSES } from "../../../functions/domain/messages/statuses.ts";
import { messageView } from "../../../functions/domain/messages/views/message-view.ts";
import { testClock } from "../../builders/clock.ts";
import { acceptedMessage } from "../../builders/delivery.ts";

const server: MailServer = {
  id: "srv_1",
  name: "Billing",
  description: "",
  username: "ada@example.com",
  authentication: "gmail_oauth",
  transport: "smtp",
  fromFilter: ["ada@example.com", "@example.com"],
  priority: 10,
  active: true,
  shared: true,
  limits: { perMinute: 20, perDay: 2_000 },
  sendAsUnchecked: false,
  connection: {
    state: "valid",
    email: "ada@example.com",
    scopes: [],
    connectedAt: null,
    lastVerifiedAt: null,
    expiresAt: null,
    reason: null,
    advice: null,
  },
  createdAt: "2026-01-01T00:00:00Z",
  updatedAt: "2026-01-01T00:00:00Z",
  etag: "e",
};

describe("the mail server form", () => {
  it("leaves out empty fields, so that the API's defaults apply", () => {
    const draft = { ...EMPTY_DRAFT, name: " Billing ", username: " ada@example.com " };
    assert.deepEqual(creationOf(draft), { name: "Billing", username: "ada@example.com", transport: "smtp" });
  });

  it("builds bodies that the API's own schema accepts", () => {
    const draft = {
      ...EMPTY_DRAFT,
      name: "Billing",
      username: "ada@example.com",
      transport: "gmail_api" as const,
      description: "d",
      fromFilter: "ada@example.com, @example.com\nb@example.org",
      priority: "3",
      perDay: "100",
      sendAsUnchecked: true,
    };
    const parsed = parseWith(mailServerInput, creationOf(draft));
    assert(parsed.ok);
    assert.deepEqual(parsed.value.fromFilter, ["ada@example.com", "@example.com", "b@example.org"]);
    assert.deepEqual(parsed.value.limits, { perDay: 100 });
    assert.equal(parsed.value.sendAsUnchecked, true);
  });

  it("patches only what was changed", () => {
    const before = draftOf(server);
    assert.deepEqual(patchOf(before, before), {});
    assert.deepEqual(patchOf(before, { ...before, name: "Invoices" }), { name: "Invoices" });
    assert.deepEqual(patchOf(before, { ...before, fromFilter: "" }), { fromFilter: [] });
  });

  it("sends sharing only if it was changed, and treats a server of an earlier release as shared", () => {
    const before = draftOf(server);
    assert.equal(before.shared, true);
    assert.equal(draftOf({ ...server, shared: false }).shared, false);
    assert.deepEqual(patchOf(before, { ...before, shared: false }), { shared: false });
    assert.equal(creationOf({ ...before, shared: false }).shared, false);
    assert.equal("shared" in creationOf(before), false, "the API's default applies");
  });

  it("resets emptied numbers to their defaults", () => {
    const before = draftOf(server);
    assert.deepEqual(patchOf(before, { ...before, priority: "", perMinute: "", perDay: "" }), {
      priority: null,
      limits: null,
    });
  });

  it("splits entries at line breaks, commas, semicolons and blanks", () => {
    assert.deepEqual(entriesOf(" a@x.org,@x.org;\n\nb@x.org "), ["a@x.org", "@x.org", "b@x.org"]);
  });
});

describe("the lists of people", () => {
  const people: PeopleDraft = { operators: "ada\nbob", members: "carol", callers: "", retentionDays: "30" };

  it("are sent as typed if nobody else changed them, and only if they were typed in", () => {
    const typed = { ...people, operators: "dan\nada" };
    assert.deepEqual(peoplePatchOf(people, typed, people), { operators: ["dan", "ada"] });
    assert.deepEqual(peoplePatchOf(people, people, { ...people, members: "" }), {});
    assert.deepEqual(peoplePatchOf(people, { ...people, retentionDays: "60" }, people), { retentionDays: 60 });
  });

  it("keep what somebody else added and removed meanwhile", () => {
    const now = { ...people, operators: "ada\nerin" };
    const added = { ...people, operators: "ada\nbob\ndan" };
    assert.deepEqual(peoplePatchOf(people, added, now), { operators: ["ada", "erin", "dan"] });
    const removed = { ...people, operators: "bob" };
    assert.deepEqual(peoplePatchOf(people, removed, now), { operators: ["erin"] });
    const both = { ...people, operators: "ada\nbob\nerin" };
    assert.deepEqual(peoplePatchOf(people, both, now), { operators: ["ada", "erin"] }, "each entry once");
  });
});

describe("the home page's verdict", () => {
  const inStates = (...states: ConnectionState[]) =>
    states.map((state, index) => ({ id: `srv_${index}`, connection: { state } }));
  const verdictFor = (servers: ReturnType<typeof inStates>, more: { paused?: boolean; operator?: boolean } = {}) =>
    verdictOf({ servers, paused: more.paused ?? false, operator: more.operator ?? true });

  it("says that sending works only if every connected account works", () => {
    assert.deepEqual(verdictFor(inStates("valid", "valid")), { kind: "working", href: null });
    assert.equal(verdictFor(inStates("valid", "not_connected")).kind, "working");
  });

  it("leads to the server that needs attention, a broken one before an expiring one", () => {
    assert.deepEqual(verdictFor(inStates("valid", "expiring", "error")), { kind: "attention", href: "/servers/srv_2" });
    assert.deepEqual(verdictFor(inStates("valid", "expiring")), { kind: "attention", href: "/servers/srv_1" });
    assert.deepEqual(verdictFor(inStates("reconnect_required")), { kind: "stopped", href: "/servers/srv_0" });
    assert.deepEqual(verdictFor(inStates("not_connected")), { kind: "unfinished", href: "/servers/srv_0" });
  });

  it("offers operators what only they may do, and members nothing that would be refused", () => {
    assert.equal(verdictFor([]).href, "/setup");
    assert.equal(verdictFor([], { operator: false }).href, null);
    assert.deepEqual(verdictFor(inStates("valid"), { paused: true }), { kind: "paused", href: "/operations" });
    assert.equal(verdictFor(inStates("valid"), { paused: true, operator: false }).href, null);
  });
});

describe("the mail servers that need attention", () => {
  const inState = (id: string, state: ConnectionState, active = true): MailServer => ({
    ...server,
    id,
    active,
    connection: { ...server.connection, state },
  });

  it("are the active ones that cannot send, then the expiring ones, but never one that was not connected", () => {
    const servers = [
      inState("soon", "expiring"),
      inState("fine", "valid"),
      inState("broken", "error"),
      inState("archived", "reconnect_required", false),
      inState("dead", "reconnect_required"),
      inState("new", "not_connected"),
    ];
    assert.deepEqual(
      needingAttention(servers).map(({ id }) => id),
      ["broken", "dead", "soon"],
    );
  });
});

describe("the link to connect", () => {
  it("is offered for a first connection, and where a new consent mends one", () => {
    assert.equal(connectOffer({ state: "not_connected", reason: "disconnected_by_operator" }), "connect.first");
    assert.equal(connectOffer({ state: "expiring", reason: "testing_7d" }), "connect.again");
    assert.equal(connectOffer({ state: "reconnect_required", reason: "password_or_revoked" }), "connect.again");
    assert.equal(connectOffer({ state: "reconnect_required", reason: null }), "connect.again");
  });

  it("is not offered where all is well, or where a consent cures nothing", () => {
    assert.equal(connectOffer({ state: "valid", reason: null }), null);
    for (const reason of ["client_rejected", "account_renamed"] as const)
      assert.equal(connectOffer({ state: "error", reason }), null, reason);
    for (const reason of ["clock", "account_deleted", "advanced_protection"] as const)
      assert.equal(connectOffer({ state: "reconnect_required", reason }), null, reason);
  });
});

describe("a message's page", () => {
  const message = messageView({ id: "msg_1", version: "1", value: acceptedMessage(testClock(), "msg_1") });

  it("merges attempts and status changes in order, and says once what an attempt led to", () => {
    const history = historyOf({
      ...message,
      attempts: [
        {
          at: "2026-01-01T00:02:00Z",
          outcome: "failed",
          smtp: { code: 550, enhanced: null, response: "no" },
          problem: "message_refused",
        },
        { at: "2026-01-01T00:01:00Z", outcome: "deferred", problem: "temporarily_refused" },
      ],
      timeline: [
        { at: "2026-01-01T00:02:00Z", status: "failed", note: null },
        { at: "2026-01-01T00:01:30Z", status: "queued", note: "Retried.", noteCode: "retried" },
        { at: "2026-01-01T00:01:40Z", status: "sending", note: null },
        { at: "2026-01-01T00:01:00Z", status: "deferred", note: null },
        { at: "2026-01-01T00:00:00Z", status: "queued", note: null },
        { at: "2026-01-01T00:03:00Z", status: "sending", note: null },
      ],
    });
    assert.deepEqual(
      history.map((one) => (one.kind === "status" ? one.status : `${one.outcome} ${one.problem}`)),
      ["queued", "deferred temporarily_refused", "queued", "failed message_refused", "sending"],
    );
  });

  it("says why the last attempt was refused, unless the message was sent or never attempted", () => {
    const attempted = (status: Message["status"]): { status: Message["status"]; attempts: Attempt[] } => ({
      status,
      attempts: [
        { at: "2026-01-01T00:01:00Z", outcome: "deferred", problem: "temporarily_refused" },
        { at: "2026-01-01T00:02:00Z", outcome: "failed", problem: "message_refused" },
      ],
    });
    assert.equal(lastRefusal(attempted("failed"))?.problem, "message_refused");
    assert.equal(lastRefusal(attempted("deferred"))?.problem, "message_refused");
    assert.equal(lastRefusal(attempted("sent")), null);
    assert.equal(lastRefusal({ status: "failed", attempts: [] }), null);
  });

  it("lists refused recipients, each with the server's reply", () => {
    const reply = { code: 550, enhanced: "5.1.1", response: "gone" };
    assert.deepEqual(
      refusedOf({
        ...message,
        rejected: ["a@x.org", "b@x.org"],
        recipients: [
          { address: "b@x.org", kind: "to", state: "rejected", reply },
          { address: "c@x.org", kind: "cc", state: "accepted" },
        ],
      }),
      [
        { address: "a@x.org", said: null },
        { address: "b@x.org", said: "gone" },
      ],
    );
  });

  it("offers in each status what the API accepts, and nothing once the message is final", () => {
    const offered = Object.fromEntries(MESSAGE_STATUSES.map((status) => [status, commandsFor(status).join(" ")]));
    assert.deepEqual(offered, {
      queued: "cancel",
      scheduled: "reschedule cancel",
      held: "cancel",
      sending: "",
      deferred: "cancel",
      unknown: "resolve",
      sent: "",
      failed: "retry resend",
      canceled: "",
      expired: "",
    });
  });
});
