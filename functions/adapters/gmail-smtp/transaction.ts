import { type Clock, SECOND } from "../../domain/clock.ts";
import type { SmtpReply, SmtpStage } from "../../domain/google/replies.ts";
import type { BeforeData, OutgoingMail, RefusedRecipients, SendOutcome } from "../../domain/google/transports.ts";
import { envelopeAddress, isInternational } from "./address.ts";
import { dataBlocks, END_OF_DATA } from "./data-stream.ts";
import { timeoutFor } from "./limits.ts";
import { withoutLines } from "./reply-parser.ts";
import type { SmtpSession } from "./session.ts";
import type { Answer } from "./stream.ts";

/** `null`: go on. */
type Halt = SendOutcome | null;

const positive = (reply: SmtpReply): boolean => reply.code >= 200 && reply.code < 300;

const refused = (
  stage: SmtpStage,
  reply: SmtpReply,
  refusals: RefusedRecipients = [],
): Extract<SendOutcome, { readonly kind: "refused" }> => ({
  kind: "refused",
  stage,
  reply,
  refused: refusals,
  retryAfterMs: null,
});

const BAD_ADDRESS: SmtpReply = { code: 553, enhanced: "5.1.3", response: "the address cannot stand in an envelope" };
const NO_SMTPUTF8: SmtpReply = {
  code: 553,
  enhanced: "5.6.7",
  response: "the server does not take addresses that are not ASCII",
};
const TOO_LARGE: SmtpReply = { code: 552, enhanced: "5.3.4", response: "the message is larger than the server takes" };

/** Header fields with octets beyond ASCII are a matter of SMTPUTF8 too (RFC 6532); in the body 8BITMIME does. */
const headerIsInternational = (raw: Buffer): boolean => {
  const end = raw.indexOf("\r\n\r\n");
  return raw.subarray(0, end === -1 ? raw.length : end).some((byte) => byte > 0x7e);
};

/** One mail through an open session (RFC 5321 §3.3). Made for one `send` and thrown away. */
export class Transaction {
  readonly #clock: Clock;
  readonly #session: SmtpSession;
  readonly #mail: OutgoingMail;
  /** The message in the form that this server takes. */
  #raw: Buffer;
  readonly #endsAtMs: number;
  readonly #accepted: string[] = [];
  readonly #refused: { readonly address: string; readonly reply: SmtpReply }[] = [];

  /** `endsAtMs`: the message's end does not go out later than that (`sendBudgetMs`). */
  constructor(clock: Clock, session: SmtpSession, job: { readonly mail: OutgoingMail; readonly endsAtMs: number }) {
    this.#clock = clock;
    this.#session = session;
    this.#mail = job.mail;
    this.#raw = job.mail.raw;
    this.#endsAtMs = job.endsAtMs;
  }

  async run(beforeData: BeforeData): Promise<SendOutcome> {
    const halt = (await this.#form()) ?? (await this.#sender()) ?? (await this.#recipients());
    if (halt !== null) return this.#reset(halt);
    // The caller's durable mark: after it a crash leaves "may have been sent", before it "was not".
    if (!(await beforeData(this.#refused))) return this.#reset({ kind: "abandoned" });
    const refusal = await this.#data();
    // DATA refused leaves sender and recipients standing (RFC 5321 §4.1.1.2): the next MAIL would be one too many.
    if (refusal !== null) return this.#reset(refusal);
    return (await this.#body()) ?? this.#end();
  }

  /**
   * A body beyond ASCII needs 8BITMIME (RFC 6152); a server without it gets the mail in 7 bits. Throws `Unavailable`.
   */
  async #form(): Promise<Halt> {
    const { sevenBit } = this.#mail;
    if (sevenBit === undefined || this.#session.extensions.keywords.has("8BITMIME")) return null;
    if (!this.#raw.some((byte) => byte > 0x7f)) return null;
    const raw = await sevenBit();
    if (raw === null) return { kind: "not_sent", stage: "mail", reason: "the body is gone" };
    this.#raw = raw;
    return null;
  }

  async #sender(): Promise<Halt> {
    const { keywords, maxBytes } = this.#session.extensions;
    const from = envelopeAddress(this.#mail.envelope.from);
    if (from === undefined) return refused("mail", BAD_ADDRESS);
    if (maxBytes !== null && this.#raw.length > maxBytes) return refused("mail", TOO_LARGE);
    const international =
      [from, ...this.#mail.envelope.to].some((address) => isInternational(envelopeAddress(address) ?? "")) ||
      headerIsInternational(this.#raw);
    if (international && !keywords.has("SMTPUTF8")) return { ...refused("mail", NO_SMTPUTF8), lacks: "smtputf8" };
    const parameters = [
      keywords.has("SIZE") ? ` SIZE=${this.#raw.length}` : "",
      keywords.has("8BITMIME") ? " BODY=8BITMIME" : "",
      international ? " SMTPUTF8" : "",
    ];
    const answer = await this.#command(`MAIL FROM:<${from}>${parameters.join("")}`);
    if (answer.kind === "lost") return { kind: "not_sent", stage: "mail", reason: answer.reason };
    return positive(answer.reply) ? null : refused("mail", withoutLines(answer.reply));
  }

  async #recipients(): Promise<Halt> {
    for (const address of this.#mail.envelope.to) {
      const path = envelopeAddress(address);
      if (path === undefined) {
        this.#refused.push({ address, reply: BAD_ADDRESS });
        continue;
      }
      const answer = await this.#command(`RCPT TO:<${path}>`);
      if (answer.kind === "lost") return { kind: "not_sent", stage: "rcpt", reason: answer.reason };
      const reply = withoutLines(answer.reply);
      // 421 speaks of the session (RFC 5321 §3.8), not of the recipient.
      if (reply.code === 421) return refused("rcpt", reply);
      if (positive(reply)) this.#accepted.push(address);
      else this.#refused.push({ address, reply });
    }
    if (this.#accepted.length > 0) return null;
    return refused("rcpt", this.#refused.at(-1)?.reply ?? BAD_ADDRESS, this.#refused);
  }

  async #data(): Promise<Halt> {
    const answer = await this.#command("DATA");
    if (answer.kind === "lost") return { kind: "not_sent", stage: "data", reason: answer.reason };
    if (answer.reply.code === 354) return null;
    // Whatever else it is, it is no leave to send; a 2xx here breaks the grammar, so the session is not used again.
    if (answer.reply.code < 400) this.#session.stream.destroy();
    return refused("data", withoutLines(answer.reply), this.#refused);
  }

  /** All of the message but its end. */
  async #body(): Promise<Halt> {
    const { stream } = this.#session;
    for (const block of dataBlocks(this.#raw)) {
      const halt = this.#brokenOff();
      if (halt !== null) return halt;
      const timeoutMs = Math.min(timeoutFor(this.#clock, "block"), this.#leftMs());
      const written = await stream.write(block, timeoutMs);
      if (written.kind === "lost") return this.#brokenOff() ?? this.#notSent(written.reason);
    }
    return null;
  }

  #notSent(reason: string): SendOutcome {
    this.#session.stream.destroy();
    return { kind: "not_sent", stage: "body", reason };
  }

  /**
   * Why the message must not be ended: without its end nothing is delivered. A server that speaks in between breaks off, and what it says is why. And a
   * worker that was frozen (the platform takes the CPU away after a time-out) may wake long after others took its message for abandoned.
   */
  #brokenOff(): Halt {
    const { interjection, lost } = this.#session.stream;
    if (interjection !== null) {
      const halt = this.#notSent(`unexpected reply ${interjection.code} in the message`);
      return interjection.code >= 400 ? refused("body", withoutLines(interjection), this.#refused) : halt;
    }
    if (lost) return this.#notSent("the server broke off");
    return this.#clock.nowMs() >= this.#endsAtMs ? this.#notSent("it took too long") : null;
  }

  /** From the moment the end is handed to the socket its fate is the server's to tell. */
  async #end(): Promise<SendOutcome> {
    const { stream } = this.#session;
    const halt = this.#brokenOff();
    if (halt !== null) return halt;
    const answer = await stream.command(END_OF_DATA.trimEnd(), timeoutFor(this.#clock, "endOfData"));
    if (answer.kind === "lost") return { kind: "unknown", reason: answer.reason, refused: this.#refused };
    const reply = withoutLines(answer.reply);
    if (positive(reply)) {
      return { kind: "accepted", accepted: this.#accepted, refused: this.#refused, reply, providerId: null };
    }
    if (reply.code >= 400) return refused("body", reply, this.#refused);
    stream.destroy();
    const reason = `unexpected reply ${reply.code} to the end of the message`;
    return { kind: "unknown", reason, refused: this.#refused };
  }

  /** Leaves the session clean for the next mail; that this fails changes nothing for this one. */
  async #reset(outcome: SendOutcome): Promise<SendOutcome> {
    const { stream } = this.#session;
    if (stream.lost) return outcome;
    if (outcome.kind === "refused" && outcome.reply.code === 421) {
      // The server is closing (RFC 5321 §3.8): it may not answer any more.
      stream.destroy();
      return outcome;
    }
    const answer = await stream.command("RSET", timeoutFor(this.#clock, "command"));
    if (answer.kind === "reply" && !positive(answer.reply)) stream.destroy();
    return outcome;
  }

  #command(line: string): Promise<Answer> {
    return this.#session.stream.command(line, Math.min(timeoutFor(this.#clock, "command"), this.#leftMs()));
  }

  #leftMs(): number {
    return Math.max(SECOND, this.#endsAtMs - this.#clock.nowMs());
  }
}
