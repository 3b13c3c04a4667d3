import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { markedBody } from "../../builders/canary.ts";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";

const MESSAGES = 50;

describe("npm start, killed while it holds messages that it has not begun to send", () => {
  let stack: Stack;
  // At the pace of real time, where a lease lasts six minutes.
  before(async () => {
    stack = await startStack();
  });
  after(() => stack.stop());

  it("sends them right after the next start, all places of the account included", async () => {
    const server = await connectedServer(stack, { limits: { perMinute: 1000, perDay: 2000 } });
    stack.sandbox.control.set({ fault: "smtp_stall", stage: "auth" });
    const sessionsBefore = stack.sandbox.control.transcripts().length;
    const ids = Array.from({ length: 10 }, async (_, n) => {
      const message = { server, to: `client-${n}@example.org`, subject: `Facture ${n}`, text: markedBody() };
      const answer = await stack.relais.operate("POST", "/v1/messages", message);
      assert.equal(answer.status, 202, await answer.clone().text());
      const { messageId }: { messageId: string } = await answer.json();
      return messageId;
    });
    const accepted = await Promise.all(ids);
    await eventually("eight are under way", () => stack.sandbox.control.transcripts().length - sessionsBefore >= 8);
    await stack.relais.kill();
    stack.sandbox.control.clear();
    await stack.relais.up();
    await eventually("all in the mailbox", () => {
      const arrived = new Set(stack.sandbox.control.mails().map(({ messageId }) => messageId));
      return accepted.every((messageId) => arrived.has(messageId));
    });
  });
});

describe("npm start, killed while accepted messages are being sent", () => {
  let stack: Stack;
  before(async () => {
    // Leases and back-offs are shortened, so that what the kill left claimed is resumed within seconds.
    stack = await startStack({ RELAIS_TIME_SCALE: "60" });
  });
  after(() => stack.stop());

  it("delivers all of them after the next start", async () => {
    const server = await connectedServer(stack, { limits: { perMinute: 1000, perDay: 2000 } });
    // Some leave, then Gmail falls silent: however fast mails go, the kill finds others in progress.
    const silent = eventually("the first mails", () => stack.sandbox.control.mails().length > 0).then(() =>
      stack.sandbox.control.set({ fault: "smtp_stall", stage: "rcpt" }),
    );
    const accepted = await Promise.all(
      Array.from({ length: MESSAGES }, async (_, index) => {
        const answer = await stack.relais.operate("POST", "/v1/messages", {
          server,
          to: [`client-${index}@example.org`],
          subject: `Facture ${index}`,
          text: `Bonjour ${markedBody()}`,
          html: `<p>Bonjour ${markedBody()}</p>`,
          attachments: [{ filename: "facture.txt", content: Buffer.from(markedBody()).toString("base64") }],
          // A message that the kill caught between the mark and its end is unknown, and is held for a person by
          // default.
          onUnknown: "resend",
        });
        assert.equal(answer.status, 202, await answer.clone().text());
        const message: { id: string; messageId: string } = await answer.json();
        return message;
      }),
    );
    await silent;
    await stack.relais.kill();
    stack.sandbox.control.clear();
    const before = stack.sandbox.control.mails().length;
    assert.ok(before < MESSAGES, "the kill came too late to prove anything");

    // What was marked is sent again only after an hour of searches; Gmail's time-outs are already at their shortest.
    await stack.relais.up({ RELAIS_TIME_SCALE: "600" });
    await eventually(
      "all fifty in the mailbox",
      () => {
        const arrived = new Set(stack.sandbox.control.mails().map((mail) => mail.messageId));
        return accepted.every((message) => arrived.has(message.messageId));
      },
      240_000,
    );
  });
});
