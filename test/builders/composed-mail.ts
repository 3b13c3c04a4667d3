import assert from "node:assert/strict";
import PostalMime, { type Email } from "postal-mime";
import { composeMime } from "../../functions/adapters/nodemailer/compose-mime.ts";
import {
  HTTP_SIZE_LIMIT,
  type MessageInput,
  parseMessage,
} from "../../functions/domain/messages/accept/message-input.ts";
import type { MessageBody } from "../../functions/domain/messages/message.ts";

export const PLAIN_BODY: MessageBody = {
  from: { name: "Ada", address: "ada@example.com" },
  to: [{ name: "", address: "b@y.org" }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: "Bonjour",
  text: "Bonjour",
  html: null,
  attachments: [],
  headers: {},
  inReplyTo: null,
  references: [],
  listUnsubscribe: null,
};

export const compose = (
  changes: Partial<MessageBody>,
  { messageId = "<m1@example.com>", sevenBit = false }: { messageId?: string; sevenBit?: boolean } = {},
): Promise<Buffer> =>
  composeMime({ body: { ...PLAIN_BODY, ...changes }, messageId, date: new Date("2026-11-22T09:00:00Z"), sevenBit });

export const parse = async (changes: Partial<MessageBody>): Promise<Email> => PostalMime.parse(await compose(changes));

export const header = (mail: Email, name: string): string | undefined =>
  mail.headers.find(({ key }) => key === name.toLowerCase())?.value;

export const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString("base64");

const request = (members: Record<string, unknown>) => ({ to: "b@y.org", text: "Bonjour", ...members });

export const accepted = (members: Record<string, unknown>): MessageInput => {
  const result = parseMessage(request(members), { sizeLimit: HTTP_SIZE_LIMIT });
  // What is accepted may be large, and is no message.
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result).slice(0, 500));
  return result.value;
};

/** The paths that a request is refused for; empty if it is accepted. */
export const refusedAt = (members: Record<string, unknown>): readonly string[] => {
  const result = parseMessage(request(members), { sizeLimit: HTTP_SIZE_LIMIT });
  if (result.ok) return [];
  assert.ok("fields" in result.problem, JSON.stringify(result.problem));
  return result.problem.fields.map(({ path }) => path);
};

/** Turns a request's JSON into the bytes that go to Gmail. */
export const composedFrom = async (members: Record<string, unknown>, sevenBit = false): Promise<Buffer> => {
  const { content, from } = accepted(members);
  return compose({ ...content, ...(from === null ? {} : { from }) }, { sevenBit });
};

/** A part as its bytes stand: one character per octet, headers unfolded. */
export interface RawPart {
  /** The raw header, still folded. */
  readonly head: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly parts: readonly RawPart[];
}

/** A parser of our own beside the library's: it repairs nothing. */
export const rawPart = (raw: string): RawPart => {
  const cut = raw.indexOf("\r\n\r\n");
  assert.ok(cut > 0, "no end of the header");
  const head = raw.slice(0, cut);
  const lines = head.replace(/\r\n(?=[ \t])/g, "").split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  const body = raw.slice(cut + 4);
  const boundary = /^multipart\/.*boundary="?([^";]+)/i.exec(headers["content-type"] ?? "")?.[1];
  if (boundary === undefined) return { head, headers, body, parts: [] };
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`);
  assert.match(pieces.at(-1) ?? "", /^--\r\n/);
  return { head, headers, body, parts: pieces.slice(1, -1).map((piece) => rawPart(piece.slice(2))) };
};

/** Every part without subparts, in order. */
export const leavesOf = (part: RawPart): readonly RawPart[] =>
  part.parts.length === 0 ? [part] : part.parts.flatMap(leavesOf);

export const leaves = (raw: Buffer): readonly RawPart[] => leavesOf(rawPart(raw.toString("latin1")));

/** Checks for lines of at most 998 octets that end in CRLF, no NUL, and ASCII headers without blank lines. */
export const assertFitForTheWire = (raw: Buffer): void => {
  const text = raw.toString("latin1");
  assert.doesNotMatch(text, /\r(?!\n)|(?<!\r)\n|\0/);
  assert.ok(text.endsWith("\r\n"));
  // Tried where a line begins, because at every character it would read each line as often as that is long.
  assert.doesNotMatch(text, /(?<![^\r\n])[^\r\n]{999}/);
  const inspect = ({ head, parts }: RawPart): void => {
    assert.match(head, /^[ -~\r\n]*$/);
    for (const line of head.split("\r\n")) if (!/[!-~]/.test(line)) assert.fail("a line of blanks in a header");
    parts.forEach(inspect);
  };
  inspect(rawPart(text));
};
