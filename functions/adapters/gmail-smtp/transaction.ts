import { type Clock, SECOND } from "../../domain/clock.ts";
import type { SmtpReply, SmtpStage } from "../../domain/google/replies.ts";
import type { BeforeData, OutgoingMail, RefusedRecipients, SendOutcome } from "../../domain/google/transports.ts";
import { envelopeAddress, isInternational } from "./address.ts";
import { dataBlocks, END_OF_DATA } from "./data-stream.ts";
import { timeoutFor } from "./limits.ts";
import { withoutLines } from "./reply-parser.ts";
import type { SmtpSession } from "./session.ts";
import type { Answer } from "./stream.ts";

/** The outcome if the transaction must stop here, or null to go on. */
type EarlyOutcome = SendOutcome | null;

const isPositive = (reply: SmtpReply): boolean => reply.code >= 200 && reply.code < 300;

const toRefused = (
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
const NO_8BITMIME: SmtpReply = {
  code: 554,
  enhanced: "5.6.3",
  response: "the server takes 7-bit octets alone, and this mail must arrive unchanged",
};
const TOO_LARGE: SmtpReply = { code: 552, enhanced: "5.3.4", response: "the message is larger than the server takes" };

/** Header fields beyond ASCII need SMTPUTF8 too (RFC 6532); for the body, 8BITMIME is enough. */
const headerIsInternational = (raw: Buffer): boolean => {
  const end = raw.indexOf("\r\n\r\n");
  return raw.subarray(0, end === -1 ? raw.length : end).some((byte) => byte > 0x7e);
};

/** Sends one message through an open session (RFC 5321 §3.3). Each `send` makes its own. */
export class Transaction {
  readonly #clock: Clock;
  readonly #session: SmtpSession;
  readonly #mail: OutgoingMail;
  /** The message in the form that this server accepts. */
  #raw: Buffer;
  readonly #endsAtMs: number;
  readonly #accepted: string[] = [];
  readonly #refused: { readonly address: string; readonly reply: SmtpReply }[] = [];

  /** `endsAtMs`: the end of the message must not go out later (`sendBudgetMs`). */
  constructor(clock: Clock, session: SmtpSession, job: { readonly mail: OutgoingMail; readonly endsAtMs: number }) {
    this.#clock = clock;
    this.#session = session;
    this.#mail = job.mail;
    this.#raw = job.mail.raw;
    this.#endsAtMs = job.endsAtMs;
  }

  async run(beforeData: BeforeData): Promise<SendOutcome> {
    const early = (await this.#chooseForm()) ?? (await this.#sendSender()) ?? (await this.#sendRecipients());
    if (early !== null) return this.#reset(early);
    // The caller's durable mark: a crash before it means "not sent", a crash after it "may have been sent".
    if (!(await beforeData(this.#refused))) return this.#reset({ kind: "abandoned" });
    const refusal = await this.#startData();
    // A refused DATA keeps the sender and recipients (RFC 5321 §4.1.1.2), so the next MAIL would be out of sequence.
    if (refusal !== null) return this.#reset(refusal);
    return (await this.#writeBody()) ?? this.#endData();
  }

  /**
   * A body beyond ASCII needs 8BITMIME (RFC 6152). A server without it gets the mail in 7 bits, or not at all if the
   * mail must not be changed. Throws `Unavailable`.
   */
  async #chooseForm(): Promise<EarlyOutcome> {
    const { sevenBit } = this.#mail;
    if (this.#session.extensions.keywords.has("8BITMIME") || !this.#raw.some((byte) => byte > 0x7f)) return null;
    if (sevenBit === undefined) return { ...toRefused("mail", NO_8BITMIME), lacks: "8bitmime" };
    const raw = await sevenBit();
    if (raw === null) return { kind: "not_sent", stage: "mail", reason: "the body is gone" };
    this.#raw = raw;
    return null;
  }

  async #sendSender(): Promise<EarlyOutcome> {
    const { keywords, maxBytes } = this.#session.extensions;
    const from = envelopeAddress(this.#mail.envelope.from);
    if (from === undefined) return toRefused("mail", BAD_ADDRESS);
    if (maxBytes !== null && this.#raw.length > maxBytes) return toRefused("mail", TOO_LARGE);
    const international =
      [from, ...this.#mail.envelope.to].some((address) => isInternational(envelopeAddress(address) ?? "")) ||
      headerIsInternational(this.#raw);
    if (international && !keywords.has("SMTPUTF8")) return { ...toRefused("mail", NO_SMTPUTF8), lacks: "smtputf8" };
    const parameters = [
      keywords.has("SIZE") ? ` SIZE=${this.#raw.length}` : "",
      keywords.has("8BITMIME") ? " BODY=8BITMIME" : "",
      international ? " SMTPUTF8" : "",
    ];
    const answer = await this.#command(`MAIL FROM:<${from}>${parameters.join("")}`);
    if (answer.kind === "lost") return { kind: "not_sent", stage: "mail", reason: answer.reason };
    return isPositive(answer.reply) ? null : toRefused("mail", withoutLines(answer.reply));
  }

  async #sendRecipients(): Promise<EarlyOutcome> {
    for (const address of this.#mail.envelope.to) {
      const path = envelopeAddress(address);
      if (path === undefined) {
        this.#refused.push({ address, reply: BAD_ADDRESS });
        continue;
      }
      const answer = await this.#command(`RCPT TO:<${path}>`);
      if (answer.kind === "lost") return { kind: "not_sent", stage: "rcpt", reason: answer.reason };
      const reply = withoutLines(answer.reply);
      // 421 is about the session (RFC 5321 §3.8), not about the recipient.
      if (reply.code === 421) return toRefused("rcpt", reply);
      if (isPositive(reply)) this.#accepted.push(address);
      else this.#refused.push({ address, reply });
    }
    if (this.#accepted.length > 0) return null;
    return toRefused("rcpt", this.#refused.at(-1)?.reply ?? BAD_ADDRESS, this.#refused);
  }

  async #startData(): Promise<EarlyOutcome> {
    const answer = await this.#command("DATA");
    if (answer.kind === "lost") return { kind: "not_sent", stage: "data", reason: answer.reason };
    if (answer.reply.code === 354) return null;
    // Nothing but 354 allows us to send. A 2xx here breaks the protocol, so the session must not be used again.
    if (answer.reply.code < 400) this.#session.stream.destroy();
    return toRefused("data", withoutLines(answer.reply), this.#refused);
  }

  /** Sends all of the message but its end. */
  async #writeBody(): Promise<EarlyOutcome> {
    const { stream } = this.#session;
    for (const block of dataBlocks(this.#raw)) {
      const outcome = this.#reasonToStop();
      if (outcome !== null) return outcome;
      const timeoutMs = Math.min(timeoutFor(this.#clock, "block"), this.#leftMs());
      const written = await stream.write(block, timeoutMs);
      if (written.kind === "lost") return this.#reasonToStop() ?? this.#abort(written.reason);
    }
    return null;
  }

  #abort(reason: string): SendOutcome {
    this.#session.stream.destroy();
    return { kind: "not_sent", stage: "body", reason };
  }

  /**
   * Returns the reason why the message must not be ended; without its end, nothing is delivered. The server may have
   * spoken in between, or this worker was frozen (the platform takes its CPU after a timeout) and wakes after others
   * have taken over the message.
   */
  #reasonToStop(): EarlyOutcome {
    const { interjection, lost } = this.#session.stream;
    if (interjection !== null) {
      const outcome = this.#abort(`unexpected reply ${interjection.code} in the message`);
      return interjection.code >= 400 ? toRefused("body", withoutLines(interjection), this.#refused) : outcome;
    }
    if (lost) return this.#abort("the server broke off");
    return this.#clock.nowMs() >= this.#endsAtMs ? this.#abort("it took too long") : null;
  }

  /** Once the end is handed to the socket, only the server knows whether the message was accepted. */
  async #endData(): Promise<SendOutcome> {
    const { stream } = this.#session;
    const outcome = this.#reasonToStop();
    if (outcome !== null) return outcome;
    const answer = await stream.command(END_OF_DATA.trimEnd(), timeoutFor(this.#clock, "endOfData"));
    if (answer.kind === "lost") return { kind: "unknown", reason: answer.reason, refused: this.#refused };
    const reply = withoutLines(answer.reply);
    if (isPositive(reply)) {
      return { kind: "accepted", accepted: this.#accepted, refused: this.#refused, reply, providerId: null };
    }
    if (reply.code >= 400) return toRefused("body", reply, this.#refused);
    stream.destroy();
    const reason = `unexpected reply ${reply.code} to the end of the message`;
    return { kind: "unknown", reason, refused: this.#refused };
  }

  /** Leaves the session clean for the next message; a failure here does not change this message's outcome. */
  async #reset(outcome: SendOutcome): Promise<SendOutcome> {
    const { stream } = this.#session;
    if (stream.lost) return outcome;
    if (outcome.kind === "refused" && outcome.reply.code === 421) {
      // The server is closing (RFC 5321 §3.8) and may not answer any more.
      stream.destroy();
      return outcome;
    }
    const answer = await stream.command("RSET", timeoutFor(this.#clock, "command"));
    if (answer.kind === "reply" && !isPositive(answer.reply)) stream.destroy();
    return outcome;
  }

  #command(line: string): Promise<Answer> {
    return this.#session.stream.command(line, Math.min(timeoutFor(this.#clock, "command"), this.#leftMs()));
  }

  #leftMs(): number {
    return Math.max(SECOND, this.#endsAtMs - this.#clock.nowMs());
  }
}
