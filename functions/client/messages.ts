import type { Message } from "./api-types.ts";
import { type BatchDeps, type BatchItem, type BatchResult, sendBatch } from "./batch.ts";
import { type Listing, listing, type Page } from "./listing.ts";
import {
  type DeliveryOptions,
  type DryRun,
  deliveryQuery,
  isoTime,
  messageJson,
  type NewMessage,
  type SentMessage,
  tagQuery,
} from "./new-message.ts";
import { queryOf } from "./query.ts";
import { RelaisProblem } from "./relais-error.ts";
import type { CallOptions, Requests } from "./requests.ts";

export interface SendOptions extends CallOptions {
  /**
   * The same key and message never send a second mail, for as long as Relais keeps the record (24 hours at least). Give
   * one that your program can give again, such as an invoice's number; without one, the client makes one per call.
   */
  readonly idempotencyKey?: string;
  /** How many seconds Relais waits for the outcome before it answers, 50 at most. */
  readonly wait?: number;
}

export interface RawOptions extends DeliveryOptions, SendOptions {
  /** Who gets the mail. Without it, To, Cc and Bcc of the mail say so. */
  readonly to?: string | readonly string[];
}

export interface MessageFilter {
  /** The id, name or username of a mail server. */
  readonly server?: string;
  readonly status?: Message["status"];
  /** The address of any recipient. */
  readonly to?: string;
  /** The address in From. */
  readonly from?: string;
  /** Accepted at this time or later: ISO 8601 with an offset, or a `Date`. */
  readonly after?: string | Date;
  /** Accepted before this time. */
  readonly before?: string | Date;
  /** Each of these tags with this value. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly messageId?: string;
  /** The start of a recipient's address or of a word of the subject. */
  readonly q?: string;
  /** Only messages of which Gmail refused a recipient. */
  readonly rejected?: true;
  /** Only messages that were sent with this API key: its id. */
  readonly key?: string;
  /** The size of a page, 50 by default and 200 at most. */
  readonly limit?: number;
  /** Where to go on: the `next` of an earlier page. */
  readonly cursor?: string;
}

/** What a person decides about a message of which nobody knows whether it went out. */
export type Resolution = "sent" | "resend" | "failed";

interface Post {
  readonly path?: string;
  readonly body: string | Uint8Array;
  readonly options: SendOptions;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Command {
  readonly method?: "POST" | "PATCH";
  readonly id: string;
  readonly action?: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly idempotencyKey?: string;
  /** Whether a message shows that the command has been done. */
  readonly isDone: (message: Message) => boolean;
  readonly signal: AbortSignal | undefined;
}

const PATH = "/v1/messages";
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

const listQuery = ({ tags, after, before, ...rest }: MessageFilter): Readonly<Record<string, string>> => ({
  ...queryOf({ ...rest, after: isoTime(after), before: isoTime(before) }),
  ...tagQuery(tags),
});

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** Recipients that take more travel in JSON instead of a header: proxies take 8 KiB of headers, or less. */
const USUAL_RECIPIENTS_BYTES = 4_000;

/** Options that take more travel in JSON instead of the query, which counts as a header for most. */
const USUAL_QUERY_BYTES = 4_000;

/** A larger mail would exceed the 32 MiB of a request in base64. */
const MAX_JSON_MAIL_BYTES = 25_000_000;

/**
 * The envelope as a header; null if the JSON form of the same request must say it: a header cannot say "nobody" or
 * hold a line break, and letters beyond ASCII or a long list do not pass every proxy. It depends on nothing but the
 * mail, so that a repetition takes the same form.
 */
const envelopeHeader = (recipients: readonly string[], mailBytes: number): string | null => {
  const header = recipients.join(", ");
  if (header === "" || /\p{Cc}/u.test(header)) return null;
  if (isAscii(header) && header.length <= USUAL_RECIPIENTS_BYTES) return header;
  // As fetch takes a header's bytes, which Relais reads as UTF-8.
  return mailBytes > MAX_JSON_MAIL_BYTES ? Buffer.from(header, "utf8").toString("latin1") : null;
};

/** Whether the options of a mail fit the query everywhere, or have no other place. */
const fitsQuery = (query: Readonly<Record<string, string>>, mailBytes: number): boolean =>
  mailBytes > MAX_JSON_MAIL_BYTES || new URLSearchParams(query).toString().length <= USUAL_QUERY_BYTES;

/** Whether it is a receipt, a message, or the answer to a dry run. */
const isAccepted = ({ id, ok }: Readonly<Record<string, unknown>>): boolean =>
  typeof id === "string" || typeof ok === "boolean";

/** The calls under `/v1/messages`. */
export class Messages {
  readonly #request: Requests;
  readonly #deps: BatchDeps;

  /** @internal */
  constructor(deps: BatchDeps) {
    this.#request = deps.request;
    this.#deps = deps;
  }

  /** Checks a message and keeps nothing. */
  send(message: NewMessage & { readonly dryRun: true }, options?: SendOptions): Promise<DryRun>;
  /** Hands over a message. It is stored once this resolves, and repeating it with its key sends no second mail. */
  send(message: NewMessage, options?: SendOptions): Promise<SentMessage>;
  async send(message: NewMessage, options: SendOptions = {}): Promise<SentMessage | DryRun> {
    return this.#post({ body: JSON.stringify(messageJson(message)), options });
  }

  /** Checks a composed mail and keeps nothing. */
  sendRaw(bytes: Uint8Array, options: RawOptions & { readonly dryRun: true }): Promise<DryRun>;
  /** Hands over a mail that is composed already (S/MIME, DKIM, …): it arrives as these bytes. */
  sendRaw(bytes: Uint8Array, options?: RawOptions): Promise<SentMessage>;
  async sendRaw(bytes: Uint8Array, options: RawOptions = {}): Promise<SentMessage | DryRun> {
    const { to, idempotencyKey: _key, wait: _wait, signal: _signal, ...delivery } = options;
    const query = deliveryQuery(delivery);
    const recipients = to === undefined ? undefined : [to].flat();
    const header = recipients === undefined ? "" : envelopeHeader(recipients, bytes.length);
    if (header !== null && fitsQuery(query, bytes.length)) {
      return this.#post({
        body: bytes,
        options,
        query,
        ...(recipients && { headers: { "Relais-Recipients": header } }),
      });
    }
    const envelope = recipients === undefined ? {} : { envelope: { to: recipients } };
    const message = { raw: bytes, ...envelope, ...delivery };
    return this.#post({ body: JSON.stringify(messageJson(message)), options });
  }

  async #post<T = SentMessage | DryRun>({ body, options, path = PATH, query = {}, headers = {} }: Post): Promise<T> {
    const { idempotencyKey = crypto.randomUUID(), wait, signal } = options;
    const answered = await this.#request<T>({
      method: "POST",
      path,
      query,
      headers: { ...headers, ...(wait === undefined ? {} : { Prefer: `wait=${wait}` }) },
      body,
      idempotencyKey,
      sends: true,
      isAnswer: isAccepted,
      signal,
    });
    return answered.body;
  }

  /**
   * Hands over up to 100 messages; each is accepted or refused by itself, in this order. What Relais could not take at
   * the moment is repeated.
   */
  async batch(items: readonly BatchItem[], { signal }: CallOptions = {}): Promise<readonly BatchResult[]> {
    return sendBatch(this.#deps, items, signal);
  }

  async get(id: string, { signal }: CallOptions = {}): Promise<Message> {
    return (await this.#request<Message>({ method: "GET", path: pathOf(id), signal })).body;
  }

  /** The messages, newest first: `await` gives a page, `for await` every message, `pages()` every page. */
  list(filter: MessageFilter = {}, { signal }: CallOptions = {}): Listing<Message> {
    return listing(async (cursor) => {
      const query = listQuery({ ...filter, ...(cursor === undefined ? {} : { cursor }) });
      return (await this.#request<Page<Message>>({ method: "GET", path: PATH, query, signal })).body;
    });
  }

  /** Cancels a message that waits (`queued`, `scheduled`, `held`, `deferred`). */
  async cancel(id: string, { signal }: CallOptions = {}): Promise<Message> {
    return this.#command({ id, action: "cancel", isDone: ({ status }) => status === "canceled", signal });
  }

  /** Sends a `failed` message again. */
  async retry(id: string, { signal }: CallOptions = {}): Promise<Message> {
    return this.#command({ id, action: "retry", isDone: ({ status }) => status !== "failed", signal });
  }

  /**
   * Sends the content of a `failed` message, which this program sent itself, to other addresses as a new message. A
   * mail that was composed already keeps its bytes and Message-ID; any other gets these addresses as its To.
   */
  async resend(id: string, to: string | readonly string[], options: SendOptions = {}): Promise<SentMessage> {
    return this.#post<SentMessage>({ path: `${pathOf(id)}/resend`, body: JSON.stringify({ to }), options });
  }

  /** Moves a `scheduled` message to another time; one in the past means now. */
  async reschedule(id: string, scheduledAt: string | Date, { signal }: CallOptions = {}): Promise<Message> {
    const body = { scheduledAt: isoTime(scheduledAt) };
    return this.#command({ method: "PATCH", id, body, isDone: ({ status }) => status !== "scheduled", signal });
  }

  /** Says what became of a message that is `unknown`. */
  async resolve(id: string, as: Resolution, { signal }: CallOptions = {}): Promise<Message> {
    // The message may be in doubt again when the request is repeated, which `isDone` could not tell.
    const idempotencyKey = crypto.randomUUID();
    const isDone = ({ status }: Message): boolean => status !== "unknown";
    return this.#command({ id, action: "resolve", body: { as }, idempotencyKey, isDone, signal });
  }

  /**
   * A command is repeated like any request. If its first request was carried out and only the answer was lost, the
   * repetition is refused with `wrong_status`; the message then shows that the command has been done.
   */
  async #command({ method = "POST", id, action, body, idempotencyKey, isDone, signal }: Command): Promise<Message> {
    const path = action === undefined ? pathOf(id) : `${pathOf(id)}/${action}`;
    try {
      const key = idempotencyKey === undefined ? {} : { idempotencyKey };
      return (await this.#request<Message>({ method, path, body: JSON.stringify(body ?? {}), ...key, signal })).body;
    } catch (error) {
      const isRepeated = error instanceof RelaisProblem && error.code === "wrong_status" && error.attempts > 1;
      const message = isRepeated ? await this.get(id, signal === undefined ? {} : { signal }) : undefined;
      if (message === undefined || !isDone(message)) throw error;
      return message;
    }
  }
}
