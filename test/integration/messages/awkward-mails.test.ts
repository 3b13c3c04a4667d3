import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { domainToASCII } from "node:url";
import PostalMime, { type Address, decodeWords, type Email } from "postal-mime";
import { connect, connectedServer, createServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import type { SentMail } from "../../google-sandbox/mailbox.ts";
import { AWKWARD, type AwkwardMail, type MailboxJson } from "./awkward-mails.ts";

const DEFAULTS = {
  to: [{ name: "", address: "b@example.org" }],
  from: { name: "Ada", address: "ada@example.com" },
} as const;

/** An address as it is written in a mail, with its domain in ASCII. */
const onTheWire = (address: string): string => {
  const at = address.lastIndexOf("@") + 1;
  return address.slice(0, at) + domainToASCII(address.slice(at));
};
const pairs = (list: readonly MailboxJson[] = []) => list.map(({ name, address }) => [name, onTheWire(address)]);
const found = (list: readonly Address[] = []) => list.map(({ name, address = "" }) => [name, onTheWire(address)]);
const unfolded = (mail: Email, name: string): string => {
  const { value } = mail.headers.find(({ key }) => key === name.toLowerCase()) ?? { value: "" };
  return decodeWords(value);
};
/** The parser returns texts with line feeds, and ends the last line of some of them by one of its own. */
const lines = (text: string | undefined): string => (text ?? "").replaceAll("\r\n", "\n").replace(/\n+$/, "");
/** Mails and calendars that the parser takes for text, and returns with its own line ends. */
const SHOWN_AS_TEXT = ["message/rfc822", "text/calendar"];
const comparable = (mimeType: string, content: ArrayBuffer | Uint8Array | string): string => {
  const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(new Uint8Array(content));
  return SHOWN_AS_TEXT.includes(mimeType) ? lines(bytes.toString()) : bytes.toString("base64");
};

const compare = async (sent: SentMail, given: AwkwardMail): Promise<void> => {
  const mail = { ...given, ...given.arrives };
  const read = await PostalMime.parse(sent.raw, { forceRfc822Attachments: true });
  assert.deepEqual(found(read.from ? [read.from] : []), pairs([mail.from ?? DEFAULTS.from]));
  assert.deepEqual(found(read.to), pairs(mail.to ?? DEFAULTS.to));
  assert.deepEqual(found(read.cc), pairs(mail.cc));
  assert.deepEqual(found(read.replyTo), pairs(mail.replyTo));
  assert.equal(read.subject ?? "", mail.subject ?? "");
  for (const [name, value] of Object.entries(mail.headers ?? {})) assert.equal(unfolded(read, name), value, name);
  assert.equal(read.references ?? "", (mail.references ?? []).join(" "));
  assert.equal(lines(read.text), lines(mail.text));
  assert.equal(lines(read.html), lines(mail.html));
  const expected = (mail.attachments ?? []).map(({ filename, contentType, content, cid, arrivesAs }) => {
    const mimeType = arrivesAs ?? contentType.split(";")[0]?.toLowerCase() ?? "";
    const contentId = cid === undefined ? undefined : `<${cid}>`;
    return { filename, mimeType, contentId, content: comparable(mimeType, content) };
  });
  const parts = read.attachments.map(({ filename, mimeType, contentId, content }) => ({
    filename,
    mimeType,
    contentId,
    content: comparable(mimeType, content),
  }));
  const byName = (a: { filename: string | null }, b: { filename: string | null }): number =>
    String(a.filename) < String(b.filename) ? -1 : 1;
  assert.deepEqual(parts.toSorted(byName), expected.toSorted(byName));
  assert.doesNotMatch(sent.raw.toString("latin1"), /^Bcc:/im);
};

suite("Awkward mails, from the request over the wire to the mailbox", () => {
  let stack: Stack;
  const servers = new Map<string, string>();
  before(async () => {
    stack = await startStack();
    const limits = { perMinute: 1_000, perDay: 10_000 };
    servers.set("smtp", await connectedServer(stack, { limits }));
    const api = await createServer(stack, { name: "API", transport: "gmail_api", limits });
    assert.equal((await connect(stack, api)).status, 303);
    servers.set("gmail_api", api);
  });
  after(() => stack.stop());

  const send = async (transport: string, mail: AwkwardMail): Promise<SentMail> => {
    const attachments = (mail.attachments ?? []).map(({ arrivesAs: _, ...one }) => ({
      ...one,
      content: one.content.toString("base64"),
    }));
    const { arrives: _, ...given } = mail;
    const body = { server: servers.get(transport), ...DEFAULTS, ...given, attachments };
    const answer = await stack.relais.operate("POST", "/v1/messages", body, { prefer: "wait=50" });
    const message: { status: string; messageId: string } = await answer.json();
    assert.equal(message.status, "sent", JSON.stringify(message));
    const sent = stack.sandbox.control.mails().filter(({ messageId }) => messageId === message.messageId);
    assert.equal(sent.length, 1);
    const [one] = sent;
    assert.ok(one);
    assert.equal(one.via, transport);
    return one;
  };

  for (const [what, mail] of Object.entries(AWKWARD)) {
    for (const transport of ["smtp", "gmail_api"]) {
      test(`${what}, by ${transport}, is read back unchanged`, async () => {
        const sent = await send(transport, mail);
        await compare(sent, mail);
        const everybody = [...(mail.to ?? DEFAULTS.to), ...(mail.cc ?? []), ...(mail.bcc ?? [])];
        const reached = new Set(sent.envelope.to.map(onTheWire));
        assert.deepEqual(reached, new Set(everybody.map(({ address }) => onTheWire(address))));
      });
    }
  }

  test("an address beyond ASCII uses SMTPUTF8, and is refused at once if the transport does not support it", async () => {
    const mail = { to: [{ name: "José", address: "josé@exämple.org" }], text: "x\n" };
    const sent = await send("smtp", mail);
    await compare(sent, mail);
    const body = { server: servers.get("gmail_api"), ...mail };
    const refused = await stack.relais.operate("POST", "/v1/messages", body);
    assert.equal(refused.status, 422);
    const problem: { fields: readonly { path: string }[] } = await refused.json();
    assert.deepEqual(
      problem.fields.map(({ path }) => path),
      ["/to"],
    );
  });
});
