import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import PostalMime from "postal-mime";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";

interface MessageJson {
  readonly id: string;
  readonly messageId: string;
  readonly server: string;
  readonly status: string;
  readonly code?: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
  readonly attempts: readonly { readonly outcome: string; readonly smtp?: { readonly code: number } }[];
  readonly timeline: readonly { readonly status: string }[];
  readonly heldBecause: string | null;
  readonly items: readonly { readonly status: number; readonly body: MessageJson }[];
}

suite("A message, from the request to the mailbox", () => {
  let stack: Stack;
  let server: string;
  before(async () => {
    stack = await startStack();
    server = await connectedServer(stack);
  });
  after(() => stack.stop());

  const post = async (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await stack.relais.operate("POST", path, body, headers);
    const json: MessageJson = await answer.json();
    return { answer, status: answer.status, json };
  };
  const get = async (id: string): Promise<MessageJson> =>
    (await stack.relais.operate("GET", `/v1/messages/${id}`)).json();
  const mailOf = (messageId: string) => stack.sandbox.control.mails().filter((mail) => mail.messageId === messageId);

  test("Prefer: wait answers with the whole record once it is sent, and the mail has the Message-ID of the answer", async () => {
    const body = {
      from: "Ada <ada@example.com>",
      to: ["Zoë <b@example.org>"],
      cc: "c@example.org",
      bcc: "hidden@example.org",
      subject: "Été 🌞",
      text: "Bonjour",
      html: "<p>Bonjour</p>",
      attachments: [{ filename: "ünï.pdf", content: "QUJD", contentType: "application/pdf" }],
      headers: { "X-Order": "42" },
      listUnsubscribe: { url: "https://example.com/u?id=1", oneClick: true },
    };
    const { answer, status, json } = await post("/v1/messages", body, { prefer: "wait=30" });
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal(answer.headers.get("preference-applied"), "wait=30");
    assert.equal(json.status, "sent");
    assert.deepEqual(json.accepted, ["b@example.org", "c@example.org", "hidden@example.org"]);
    assert.equal(json.attempts.at(-1)?.outcome, "sent");
    const [mail, ...more] = mailOf(json.messageId);
    assert.ok(mail);
    assert.deepEqual(more, []);
    assert.deepEqual(mail.envelope.to.toSorted(), ["b@example.org", "c@example.org", "hidden@example.org"]);
    const parsed = await PostalMime.parse(mail.raw);
    assert.equal(parsed.subject, "Été 🌞");
    assert.deepEqual(parsed.to, [{ name: "Zoë", address: "b@example.org" }]);
    assert.equal(parsed.attachments[0]?.filename, "ünï.pdf");
    const header = (name: string) => parsed.headers.find(({ key }) => key === name)?.value;
    assert.equal(header("x-order"), "42");
    assert.equal(header("list-unsubscribe"), "<https://example.com/u?id=1>");
    assert.equal(header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    assert.doesNotMatch(mail.raw.toString(), /hidden@/);
  });

  test("20 concurrent identical requests with one key cause one mail", async () => {
    const body = { server, to: "once@example.org", subject: "once", text: "x" };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post("/v1/messages", body, { "idempotency-key": "once", prefer: "wait=30" })),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1);
    const replayed = answers.filter(({ answer }) => answer.headers.get("idempotency-replayed") === "true");
    assert.equal(replayed.length, 19);
    assert.equal(mailOf(answers[0]?.json.messageId ?? "").length, 1);
    const other = await post("/v1/messages", { ...body, text: "y" }, { "idempotency-key": "once" });
    assert.equal(other.status, 422);
    assert.equal(other.json.code, "idempotency_key_reused");
  });

  test("24 MB are sent unchanged, and one byte more is 413", async () => {
    const bytes = Buffer.alloc(24_000_000 - 1, "0123456789\u0000");
    const body = (content: Buffer) => ({
      to: "b@example.org",
      text: "x",
      attachments: [{ filename: "a", content: content.toString("base64") }],
    });
    const { status, json } = await post("/v1/messages", body(bytes));
    assert.equal(status, 202, JSON.stringify(json).slice(0, 500));
    await eventually("it is sent", async () => (await get(json.id)).status === "sent", 240_000);
    const parsed = await PostalMime.parse(mailOf(json.messageId)[0]?.raw ?? "");
    const content = parsed.attachments[0]?.content;
    assert.ok(content instanceof ArrayBuffer);
    assert.ok(bytes.equals(Buffer.from(content)));
    const larger = await post("/v1/messages", body(Buffer.alloc(24_000_000)));
    assert.equal(larger.status, 413);
    assert.equal(larger.json.code, "message_too_large");
  });

  test("addresses beyond ASCII are reached, and domains are written in ASCII", async () => {
    const body = { to: ["zoë@example.org", "b@bücher.example"], subject: "é", text: "x" };
    const { status, json } = await post("/v1/messages", body, { prefer: "wait=30" });
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal(json.status, "sent", JSON.stringify(json));
    assert.deepEqual(json.accepted, ["zoë@example.org", "b@xn--bcher-kva.example"]);
    assert.ok(mailOf(json.messageId)[0]?.envelope.to.includes("zoë@example.org"));
  });

  test("a batch answers each item on its own, and what was accepted arrives", async () => {
    const item = { to: "b@example.org", text: "x" };
    const { status, json } = await post("/v1/messages/batch", { items: [item, { to: "b" }, item] });
    assert.equal(status, 207);
    assert.deepEqual(
      json.items.map((one) => one.status),
      [202, 422, 202],
    );
    for (const { body } of json.items.filter((one) => one.status === 202)) {
      await eventually("it is sent", async () => (await get(body.id)).status === "sent");
      assert.equal(mailOf(body.messageId).length, 1);
    }
  });

  test("what is canceled before its time is never sent", async () => {
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    const { status, json } = await post("/v1/messages", { to: "b@example.org", text: "x", scheduledAt });
    assert.equal(status, 202);
    assert.equal(json.status, "scheduled");
    const canceled = await post(`/v1/messages/${json.id}/cancel`, undefined);
    assert.equal(canceled.json.status, "canceled");
    assert.equal((await post(`/v1/messages/${json.id}/cancel`, undefined)).json.code, "wrong_status");
    assert.deepEqual(mailOf(json.messageId), []);
  });

  test("while sending is paused, a message is held and says why", async () => {
    assert.equal((await stack.relais.operate("PATCH", "/v1/settings", { paused: true })).status, 200);
    const { status, json } = await post("/v1/messages", { to: "b@example.org", text: "x" }, { prefer: "wait=30" });
    assert.equal((await stack.relais.operate("PATCH", "/v1/settings", { paused: false })).status, 200);
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal(json.status, "held");
    assert.equal(json.heldBecause, "paused");
  });

  test("nothing is accepted for a disconnected server", async () => {
    assert.equal((await post(`/v1/mail-servers/${server}/disconnect`, undefined)).status, 200);
    const { status, json } = await post("/v1/messages", { server, to: "b@example.org", text: "x" });
    assert.equal(status, 409);
    assert.equal(json.code, "server_unavailable");
  });
});
