import { Readable } from "node:stream";
import type { gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import type { Login } from "../../domain/google/transports.ts";
import { type GmailApiEndpoint, requestOptions } from "./gmail-request.ts";

const BLOCK_BYTES = 64 * 1024;
/** Well below what Gmail accepts as JSON (about 5 MB); base64 adds a third. */
const LARGEST_JSON_BYTES = 1024 * 1024;

export interface SubmissionRequest {
  readonly gmail: gmail_v1.Gmail;
  readonly endpoint: GmailApiEndpoint;
  readonly login: Login;
  readonly timeoutMs: number;
  readonly raw: Buffer;
}

/** A call of `users.messages.send` in progress. */
export interface Submission {
  readonly answer: Promise<{ readonly status: number; readonly data: gmail_v1.Schema$Message }>;
  /** False if Gmail cannot have received the whole request. */
  readonly mayHaveArrived: () => boolean;
  readonly end: () => void;
}

export type Submit = (mail: SubmissionRequest) => Submission;

/**
 * The body as a stream that knows whether its last block was read: before that, Gmail cannot have the whole request.
 */
const uploadOf = (raw: Buffer): { readonly stream: Readable; readonly mayHaveArrived: () => boolean } => {
  let done = false;
  function* blocks(): Generator<Buffer> {
    for (let at = 0; at < raw.length; at += BLOCK_BYTES) {
      done = at + BLOCK_BYTES >= raw.length;
      yield raw.subarray(at, at + BLOCK_BYTES);
    }
  }
  return { stream: Readable.from(blocks(), { objectMode: false, highWaterMark: 1 }), mayHaveArrived: () => done };
};

/** Uploads the message as `message/rfc822`, up to 35 MB. */
const submitByUpload: Submit = ({ gmail, endpoint, login, timeoutMs, raw }) => {
  const { stream, mayHaveArrived } = uploadOf(raw);
  const options = requestOptions(endpoint, login, timeoutMs);
  const headers = { ...options.headers, "Content-Length": String(raw.length) };
  const answer = gmail.users.messages.send(
    { userId: "me", media: { mimeType: "message/rfc822", body: stream } },
    { ...options, headers },
  );
  return { answer, mayHaveArrived, end: () => stream.destroy() };
};

/** Posts the message as `raw` in JSON, which leaves in one piece as soon as there is a connection. */
const submitAsJson: Submit = ({ gmail, endpoint, login, timeoutMs, raw }) => {
  const requestBody = { raw: raw.toString("base64url") };
  const answer = gmail.users.messages.send({ userId: "me", requestBody }, requestOptions(endpoint, login, timeoutMs));
  return { answer, mayHaveArrived: () => true, end: () => undefined };
};

/**
 * The form that fits the size, then the other: a stand-in for Gmail (`GMAIL_API_ROOT_URL`) may offer only one of them.
 */
export const submissionsFor = (raw: Buffer): readonly [Submit, Submit] =>
  raw.length <= LARGEST_JSON_BYTES ? [submitAsJson, submitByUpload] : [submitByUpload, submitAsJson];
