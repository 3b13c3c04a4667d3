import { Readable } from "node:stream";
import type { gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import type { Login } from "../../domain/google/transports.ts";
import { type GmailApiEndpoint, requestOptions } from "./gmail-request.ts";

const BLOCK_BYTES = 64 * 1024;
/** Well under what Gmail takes by JSON (about 5 MB); in base64 it costs a third more. */
const LARGEST_JSON_BYTES = 1024 * 1024;

export interface HandingOver {
  readonly gmail: gmail_v1.Gmail;
  readonly endpoint: GmailApiEndpoint;
  readonly login: Login;
  readonly timeoutMs: number;
  readonly raw: Buffer;
}

/** One call of `users.messages.send` under way. */
export interface Handed {
  readonly answer: Promise<{ readonly status: number; readonly data: gmail_v1.Schema$Message }>;
  /** May Gmail have had the whole request? False: it cannot have. */
  readonly handedOver: () => boolean;
  readonly end: () => void;
}

export type Way = (mail: HandingOver) => Handed;

/** The body as a stream that tells when its last block was taken: until then Gmail cannot have had the whole request. */
const uploadOf = (raw: Buffer): { readonly stream: Readable; readonly handedOver: () => boolean } => {
  let done = false;
  function* blocks(): Generator<Buffer> {
    for (let at = 0; at < raw.length; at += BLOCK_BYTES) {
      done = at + BLOCK_BYTES >= raw.length;
      yield raw.subarray(at, at + BLOCK_BYTES);
    }
  }
  return { stream: Readable.from(blocks(), { objectMode: false, highWaterMark: 1 }), handedOver: () => done };
};

/** By the upload address as `message/rfc822`, which takes 35 MB. */
const byUpload: Way = ({ gmail, endpoint, login, timeoutMs, raw }) => {
  const { stream, handedOver } = uploadOf(raw);
  const options = requestOptions(endpoint, login, timeoutMs);
  const headers = { ...options.headers, "Content-Length": String(raw.length) };
  const answer = gmail.users.messages.send(
    { userId: "me", media: { mimeType: "message/rfc822", body: stream } },
    { ...options, headers },
  );
  return { answer, handedOver, end: () => stream.destroy() };
};

/** As `raw` in the JSON of the plain address, gone in one piece as soon as there is a connection. */
const byJson: Way = ({ gmail, endpoint, login, timeoutMs, raw }) => {
  const requestBody = { raw: raw.toString("base64url") };
  const answer = gmail.users.messages.send({ userId: "me", requestBody }, requestOptions(endpoint, login, timeoutMs));
  return { answer, handedOver: () => true, end: () => undefined };
};

/** The fitting way first, then the other: whatever stands in Gmail's place (`GMAIL_API_ROOT_URL`) may know but one of the two addresses. */
export const waysFor = (raw: Buffer): readonly [Way, Way] =>
  raw.length <= LARGEST_JSON_BYTES ? [byJson, byUpload] : [byUpload, byJson];
