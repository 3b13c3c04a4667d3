import type { MessageReceipt } from "./api-types.ts";
import type { DeliveryOptions } from "./new-message.ts";
import { Relais, type RelaisOptions } from "./relais.ts";
import { RelaisConnectionError, RelaisProblem } from "./relais-error.ts";
import { VERSION } from "./version.ts";

/** What one message may say to Relais, as member `relais` of what `sendMail` gets. */
export interface RelaisMailOptions extends Omit<DeliveryOptions, "dryRun"> {
  /** The same key and mail never send a second mail; without one, each `sendMail` has its own. */
  readonly idempotencyKey?: string;
}

export interface RelaisTransportOptions extends RelaisOptions {
  /** The id, name or username of a mail server. Without one, Relais chooses one that may send as From. */
  readonly server?: string;
}

/** nodemailer's envelope. Relais delivers to `to`; `from` is not used. */
export interface Envelope {
  readonly from: string | false;
  readonly to: string[];
}

/** What `sendMail` resolves with. The mail is accepted then, not delivered yet: `id` follows it. */
export interface RelaisSentMessageInfo {
  /** The mail's Message-ID. */
  messageId: string;
  envelope: Envelope;
  /** The addresses of the envelope, all of which Relais has accepted. */
  accepted: string[];
  rejected: string[];
  response: string;
  /** Relais's id of the message, `msg_…`. */
  id: string;
  status: MessageReceipt["status"];
  // biome-ignore lint/suspicious/noExplicitAny: nodemailer's types require this member of every transport's result
  [member: string]: any;
}

/** The part of nodemailer's message that the transport uses, which every release of nodemailer since 6 has. */
interface ComposedMail {
  readonly data: object;
  readonly message: {
    getEnvelope(): { from: string | false; to: string[] };
    createReadStream(): AsyncIterable<unknown>;
  };
}

type Callback<T> = (error: Error | null, result: T) => void;

/** What `createTransport` of nodemailer takes. */
export interface RelaisTransport {
  readonly name: string;
  readonly version: string;
  readonly supportsAbortSignal: boolean;
  send(mail: ComposedMail, callback: Callback<RelaisSentMessageInfo>): void;
  /** Proves the key, without sending. */
  verify(): Promise<true>;
  verify(callback: Callback<true>): void;
  isIdle(): boolean;
  close(): void;
}

/** nodemailer's callbacks get the error alone if there is one. */
type EndedCallback<T> = (...ended: [error: Error] | [error: null, result: T]) => void;

const signalOf = (data: object): AbortSignal | undefined =>
  "signal" in data && data.signal instanceof AbortSignal ? data.signal : undefined;

/** A program without types may ask for a dry run, which would look like a mail that was accepted. */
const optionsOf = (data: object): RelaisMailOptions => {
  if (!("relais" in data && typeof data.relais === "object" && data.relais !== null)) return {};
  // A cast, because nodemailer's own types know no member `relais`; Relais itself checks the values.
  const { dryRun: _dryRun, ...options } = data.relais as RelaisMailOptions & { readonly dryRun?: unknown };
  return options;
};

const readAll = async (stream: AsyncIterable<unknown>): Promise<Uint8Array> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.from(String(chunk)));
  }
  return Buffer.concat(chunks);
};

/**
 * Rejects as soon as the signal is aborted, because a source may give nothing for long. nodemailer then destroys the
 * sources of the mail, and with them `work` ends.
 */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work;
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
  });
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
};

/** The mail, or the list of its recipients; a proxy may say so too. */
const TOO_LARGE = new Set<number | undefined>([413, 431]);

/** The SMTP reply that says the same, for programs that decide by nodemailer's `responseCode`. */
const responseCodeOf = ({ code, status }: RelaisProblem): number => {
  if (status === 401) return 535;
  if (status === 403 || ["from_not_allowed", "server_unavailable", "envelope_unsupported"].includes(code)) return 550;
  if (TOO_LARGE.has(status)) return 552;
  return status === 408 || status === 429 || status >= 500 ? 451 : 554;
};

/** Gives an error the members that nodemailer's own errors have. */
const asNodemailerError = (error: unknown, signal: AbortSignal | undefined): Error => {
  if (signal?.aborted) {
    const aborted = new Error("Message sending aborted", { cause: signal.reason });
    return Object.assign(aborted, { name: "AbortError", code: "EABORT" });
  }
  if (error instanceof RelaisProblem) {
    const responseCode = responseCodeOf(error);
    return Object.assign(error, { responseCode, permanent: responseCode >= 500 });
  }
  if (error instanceof RelaisConnectionError && TOO_LARGE.has(error.status)) {
    return Object.assign(error, { responseCode: 552, permanent: true });
  }
  return error instanceof Error ? error : new Error(String(error));
};

/** Answers a promise, or the callback if there is one. */
const settle = <T>(work: Promise<T>, callback: Callback<T> | undefined): Promise<T> | undefined => {
  if (callback === undefined) return work;
  // A cast, because nodemailer declares a result that its error paths leave out. Later, so that what the callback
  // throws is an uncaught exception and no rejection of `work`.
  const ended = callback as EndedCallback<T>;
  work.then(
    (result) => setImmediate(() => ended(null, result)),
    (error: Error) => setImmediate(() => ended(error)),
  );
  return undefined;
};

class Transport implements RelaisTransport {
  readonly name = "Relais";
  readonly version = VERSION;
  readonly supportsAbortSignal = true;
  readonly #relais: Relais;
  readonly #server: string | undefined;

  constructor({ server, ...options }: RelaisTransportOptions) {
    this.#relais = new Relais(options);
    this.#server = server;
  }

  send(mail: ComposedMail, callback: Callback<RelaisSentMessageInfo>): void {
    settle(this.#send(mail), callback);
  }

  async #send({ data, message }: ComposedMail): Promise<RelaisSentMessageInfo> {
    const signal = signalOf(data);
    try {
      const { from, to } = message.getEnvelope();
      const bytes = await unlessAborted(readAll(message.createReadStream()), signal);
      const { server = this.#server, ...options } = optionsOf(data);
      const { id, messageId, status } = await this.#relais.messages.sendRaw(bytes, {
        ...options,
        ...(server === undefined ? {} : { server }),
        to,
        ...(signal && { signal }),
      });
      // The Message-ID is the one that Relais read: nodemailer invents another for `raw`.
      const response = `250 2.0.0 ${id} ${status}`;
      return { envelope: { from, to }, messageId, accepted: [...to], rejected: [], response, id, status };
    } catch (error) {
      throw asNodemailerError(error, signal);
    }
  }

  verify(): Promise<true>;
  verify(callback: Callback<true>): void;
  verify(callback?: Callback<true>): Promise<true> | undefined {
    return settle(this.#verify(), callback);
  }

  async #verify(): Promise<true> {
    try {
      const session = await this.#relais.session();
      if (session.role !== "program" || session.permissions.includes("send")) return true;
    } catch (error) {
      throw asNodemailerError(error, undefined);
    }
    throw Object.assign(new Error("relais-client: the key may not send; make one with the permission send"), {
      code: "EAUTH",
      responseCode: 550,
    });
  }

  isIdle(): boolean {
    return true;
  }

  /** There is nothing to close: each mail is one request. */
  close(): void {}
}

/** A transport for nodemailer: what nodemailer composes arrives as it composed it, to its envelope. */
export const relaisTransport = (options: RelaisTransportOptions): RelaisTransport => new Transport(options);
