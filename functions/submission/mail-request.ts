import type { WholeMail } from "./idempotency.ts";
import { MAX_JSON_MAIL_BYTES, MAX_RECIPIENTS_BYTES, USUAL_RECIPIENTS_BYTES } from "./limits.ts";

/** A request that hands a mail to Relais, without what all of them have. */
export interface MailRequest {
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Iterable<Uint8Array>;
}

type Sent = Pick<WholeMail, "server" | "recipients" | "parts">;

const inHeader = (recipients: readonly string[]): Buffer => Buffer.from(recipients.join(", "), "utf8");

/** Whether a mail of that size can go to these recipients. If not, it must go to some of them at a time. */
export const fitsRequest = (mailBytes: number, recipients: readonly string[]): boolean =>
  mailBytes <= MAX_JSON_MAIL_BYTES || inHeader(recipients).length <= MAX_RECIPIENTS_BYTES;

/** The mail as its bytes. */
const asBytes = ({ server, recipients, parts }: Sent): MailRequest => ({
  query: server === null ? "" : `?server=${encodeURIComponent(server)}`,
  headers: {
    "content-type": "message/rfc822",
    // Node takes a header's characters as bytes; Relais reads them as UTF-8.
    "relais-recipients": inHeader(recipients).toString("latin1"),
  },
  body: parts,
});

/** Bytes in base64, in pieces that are one text together: each but the last is made of whole groups of three bytes. */
function* base64Of(parts: readonly Buffer[]): Generator<Buffer> {
  let rest = Buffer.alloc(0);
  for (const part of parts) {
    const bytes = Buffer.concat([rest, part]);
    const whole = bytes.length - (bytes.length % 3);
    yield Buffer.from(bytes.toString("base64", 0, whole), "latin1");
    rest = bytes.subarray(whole);
  }
  yield Buffer.from(rest.toString("base64"), "latin1");
}

/** The same request as JSON, made piece by piece while it is sent. */
const asJson = ({ server, recipients, parts }: Sent): MailRequest => {
  const others = JSON.stringify({ envelope: { to: recipients }, ...(server === null ? {} : { server }) });
  return {
    query: "",
    headers: { "content-type": "application/json" },
    body: {
      *[Symbol.iterator]() {
        yield Buffer.from('{"raw":"');
        yield* base64Of(parts);
        yield Buffer.from(`",${others.slice(1)}`);
      },
    },
  };
};

/** A mail and its repetition always take the same form, which depends on nothing else. */
export const mailRequest = (mail: Sent): MailRequest => {
  const bytes = mail.parts.reduce((sum, part) => sum + part.length, 0);
  const isUsual = inHeader(mail.recipients).length <= USUAL_RECIPIENTS_BYTES;
  return isUsual || bytes > MAX_JSON_MAIL_BYTES ? asBytes(mail) : asJson(mail);
};
