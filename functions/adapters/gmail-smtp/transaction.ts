import { type Clock, SECOND } from "../../domain/clock.ts";
import type { SmtpReply, SmtpStage } from "../../domain/google/replies.ts";
import type { BeforeData, OutgoingMail, RefusedRecipients, SendOutcome } from "../../domain/google/transports.ts";
import { dataBlocks, END_OF_DATA, octetBlocks, type Survey, surveyOf } from "./data-stream.ts";
import { type EnvelopeLines, envelopeLines, NO_8BITMIME, refusedHere } from "./envelope.ts";
import { timeoutFor } from "./limits.ts";
import { type ParsedReply, withoutLines } from "./reply-parser.ts";
import type { SmtpSession } from "./session.ts";
import type { Answer } from "./stream.ts";

/** The outcome if the transaction must stop here, or null to go on. */
type EarlyOutcome = SendOutcome | null;

const isPositive = (reply: SmtpReply): boolean => reply.code >= 200 && reply.code < 300;

/** Replies that are about the command and not about the message (RFC 5321 §4.2.4 and §4.3.2). */
const UNREAD = [500, 501, 502, 503, 504];
/** 503 is also how a server refuses a chunk without a recipient (RFC 3030 §2). */
const UNREAD_WITHOUT_RECIPIENT = [500, 501, 502, 504];

const toRefused = (
  stage: SmtpStage,
  reply: ParsedReply,
  refusals: RefusedRecipients = [],
): Extract<SendOutcome, { readonly kind: "refused" }> => ({
  kind: "refused",
  stage,
  reply: withoutLines(reply),
  refused: refusals,
  retryAfterMs: null,
});

export interface TransactionJob {
  readonly mail: OutgoingMail;
  /** The end of the message must not go out later (`sendBudgetMs`). */
  readonly endsAtMs: number;
  /** A server that takes chunks may get this message as one: its sessions are known to go on until here. */
  readonly mayChunk: boolean;
}

/**
 * Sends one message through an open session (RFC 5321 §3.3), in as few round trips as the server's extensions allow.
 * Each `send` makes its own.
 *
 * The caller's durable mark is written before anyone could get the message: a crash before the mark means "not sent",
 * a crash after it "may have been sent". Within a transaction the line lies at the message's last octet: until that is
 * handed to the socket, no server delivers, so a loss means "not sent".
 */
export class Transaction {
  readonly #clock: Clock;
  readonly #session: SmtpSession;
  readonly #mail: OutgoingMail;
  /** The message in the form that this server accepts, and what was found in it. */
  #raw: Buffer;
  #survey: Survey;
  readonly #endsAtMs: number;
  readonly #mayChunk: boolean;
  readonly #accepted: string[] = [];
  readonly #refused: { readonly address: string; readonly reply: SmtpReply }[] = [];
  /** A 421 to one of the recipients: the server may be closing, or refuse this recipient alone for now. */
  #closing: ParsedReply | null = null;
  #isChunkUnread = false;

  constructor(clock: Clock, session: SmtpSession, job: TransactionJob) {
    this.#clock = clock;
    this.#session = session;
    this.#mail = job.mail;
    this.#raw = job.mail.raw;
    this.#survey = surveyOf(job.mail.raw);
    this.#endsAtMs = job.endsAtMs;
    this.#mayChunk = job.mayChunk;
  }

  /**
   * Whether the server did not know the command of a chunk (RFC 3030), although it offers CHUNKING. It has accepted
   * nothing, and may have taken the lines of the message for commands, so the session has been ended.
   */
  get isChunkUnread(): boolean {
    return this.#isChunkUnread;
  }

  /** The recipients accepted so far. */
  get accepted(): readonly string[] {
    return this.#accepted;
  }

  async run(beforeData: BeforeData): Promise<SendOutcome> {
    const outcome = await this.#send(beforeData);
    // A server that has said 421 may leave at any moment (RFC 5321 §3.8), so no other mail must rely on this session.
    if (this.#closing !== null) this.#session.stream.destroy();
    return outcome;
  }

  async #send(beforeData: BeforeData): Promise<SendOutcome> {
    const early = await this.#chooseForm();
    if (early !== null) return early;
    const envelope = envelopeLines(this.#mail, this.#raw, this.#session.extensions);
    if ("kind" in envelope) return envelope;
    // A mail that must not be changed has no other form.
    if (this.#mail.sevenBit === undefined && this.#lacksEightBit())
      return { ...refusedHere("mail", NO_8BITMIME), lacks: "8bitmime" };
    this.#refused.push(...envelope.refused);
    if (!this.#offers("PIPELINING")) return this.#sendLineByLine(envelope, beforeData);
    return envelope.recipients.length === 1
      ? this.#sendToOne(envelope, beforeData)
      : this.#sendToMany(envelope, beforeData);
  }

  #offers(keyword: string): boolean {
    return this.#session.extensions.keywords.has(keyword);
  }

  #lacksEightBit(): boolean {
    return this.#survey.eightBit && !this.#offers("8BITMIME");
  }

  /**
   * A body beyond ASCII needs 8BITMIME (RFC 6152). A server without it gets the mail in 7 bits, if it may be changed.
   * Throws `Unavailable`.
   */
  async #chooseForm(): Promise<EarlyOutcome> {
    const { sevenBit } = this.#mail;
    if (sevenBit === undefined || !this.#lacksEightBit()) return null;
    const raw = await sevenBit();
    if (raw === null) return { kind: "not_sent", stage: "mail", reason: "the body is gone" };
    this.#raw = raw;
    this.#survey = surveyOf(raw);
    return null;
  }

  /**
   * With one recipient there is no reply that the mark could need: if the message goes out at all, it goes to that one.
   * So before a chunk the mark comes first, and everything else follows at once.
   */
  async #sendToOne(envelope: EnvelopeLines, beforeData: BeforeData): Promise<SendOutcome> {
    if (!this.#goesAsChunk()) return this.#sendEnvelopeWithData(envelope, beforeData);
    if (!(await beforeData([...this.#refused]))) return { kind: "abandoned" };
    // The server has seen nothing of this message yet, so a new session may send it.
    return this.#reasonToStop("mail") ?? this.#sendChunk(envelope);
  }

  /**
   * Which of several recipients are refused must be known before the message goes out, since no search in the sent mail
   * tells it afterwards. The mark is written meanwhile, for all of them, and again if some were refused.
   */
  async #sendToMany(envelope: EnvelopeLines, beforeData: BeforeData): Promise<SendOutcome> {
    this.#session.stream.say([envelope.mail, ...envelope.recipients.map(({ line }) => line)]);
    const marked = beforeData([...this.#refused]);
    // If it throws while replies are awaited, that is seen below.
    marked.catch(() => undefined);
    const refusal = await this.#readEnvelope(envelope);
    const known = await marked;
    const marksAgain = known && refusal === null && this.#refused.length > envelope.refused.length;
    if (!known || (marksAgain && !(await beforeData([...this.#refused])))) return this.#reset({ kind: "abandoned" });
    return refusal === null ? this.#sendContent() : this.#reset(refusal);
  }

  /** For a server that offers no PIPELINING (RFC 2920): each command waits for the reply to the one before. */
  async #sendLineByLine({ mail, recipients }: EnvelopeLines, beforeData: BeforeData): Promise<SendOutcome> {
    const { stream } = this.#session;
    stream.say([mail]);
    const early = await this.#readSender();
    if (early !== null) return this.#reset(early);
    for (const { address, line } of recipients) {
      stream.say([line]);
      const refusal = await this.#readRecipient(address);
      if (refusal !== null) return this.#reset(refusal);
    }
    const refusal = this.#noRecipient();
    if (refusal !== null) return this.#reset(refusal);
    if (!(await beforeData([...this.#refused]))) return this.#reset({ kind: "abandoned" });
    return this.#sendContent();
  }

  /** Reads the replies to MAIL and to each RCPT of a group. */
  async #readEnvelope({ recipients }: EnvelopeLines): Promise<EarlyOutcome> {
    const refusal = await this.#readSender();
    if (refusal?.kind === "not_sent") return refusal;
    if (refusal !== null) {
      // The group went out whole, so each of its commands has a reply; without a sender they mean nothing.
      for (const _ of recipients) await this.#reply();
      return refusal;
    }
    let early: EarlyOutcome = null;
    for (const { address } of recipients) early ??= await this.#readRecipient(address);
    return early ?? this.#noRecipient();
  }

  async #readSender(): Promise<EarlyOutcome> {
    const answer = await this.#reply();
    if (answer.kind === "lost") return { kind: "not_sent", stage: "mail", reason: answer.reason };
    return isPositive(answer.reply) ? null : toRefused("mail", answer.reply);
  }

  async #readRecipient(address: string): Promise<EarlyOutcome> {
    const answer = await this.#reply();
    if (answer.kind === "lost") {
      if (this.#closing !== null) return toRefused("rcpt", this.#closing, this.#refused);
      return { kind: "not_sent", stage: "rcpt", reason: answer.reason };
    }
    const { reply } = answer;
    // Some servers say it to one recipient and go on. If this one does close, the next reply is missing.
    if (reply.code === 421) this.#closing ??= reply;
    if (isPositive(reply)) this.#accepted.push(address);
    else this.#refused.push({ address, reply: withoutLines(reply) });
    return null;
  }

  #noRecipient(): EarlyOutcome {
    const last = this.#refused.at(-1);
    if (this.#accepted.length > 0 || last === undefined) return null;
    const reply = this.#closing === null ? last.reply : withoutLines(this.#closing);
    return { kind: "refused", stage: "rcpt", reply, refused: this.#refused, retryAfterMs: null };
  }

  /**
   * A chunk (RFC 3030) holds octets as they are, so a message that needs repair goes by DATA. So does a message where
   * the session may end (`mayChunk`, 421): a loss before the reply to DATA is "not sent", one after a chunk "unknown".
   */
  #goesAsChunk(): boolean {
    return this.#mayChunk && this.#closing === null && this.#offers("CHUNKING") && this.#survey.clean;
  }

  /** Sends the message once the envelope is accepted, unless the mark took too long or the server left meanwhile. */
  async #sendContent(): Promise<SendOutcome> {
    const late = this.#reasonToStop("data");
    if (late !== null) return late;
    if (this.#goesAsChunk()) return this.#sendChunk(null);
    this.#session.stream.say(["DATA"]);
    return this.#afterData(await this.#reply());
  }

  /**
   * The envelope and DATA in one group (RFC 2920 §3.1), and the mark is written meanwhile. The message waits for it and
   * for all replies.
   */
  async #sendEnvelopeWithData(envelope: EnvelopeLines, beforeData: BeforeData): Promise<SendOutcome> {
    const { stream } = this.#session;
    stream.say([envelope.mail, ...envelope.recipients.map(({ line }) => line), "DATA"]);
    const marked = beforeData([...this.#refused]);
    // If it throws while replies are awaited, that is seen below.
    marked.catch(() => undefined);
    const refusal = await this.#readEnvelope(envelope);
    const answer = await this.#reply();
    const known = await marked;
    if (known && refusal === null) return this.#afterData(answer);
    // The server may wait for a message now. It gets none: without an end, nothing is delivered.
    if (answer.kind === "reply" && answer.reply.code < 400) stream.destroy();
    return this.#reset(known && refusal !== null ? refusal : { kind: "abandoned" });
  }

  async #afterData(answer: Answer): Promise<SendOutcome> {
    const { stream } = this.#session;
    if (answer.kind === "lost") return { kind: "not_sent", stage: "data", reason: answer.reason };
    if (answer.reply.code === 354) {
      const stopped = (await this.#writeBlocks(dataBlocks(this.#raw))) ?? this.#reasonToStop();
      if (stopped !== null) return stopped;
      stream.say([END_OF_DATA.trimEnd()]);
      return this.#readOutcome({ isChunk: false });
    }
    // Nothing but 354 allows us to send. A 2xx here breaks the protocol, so the session must not be used again.
    if (answer.reply.code < 400) stream.destroy();
    // A refused DATA keeps the sender and recipients (RFC 5321 §4.1.1.2), so the next MAIL would be out of sequence.
    return this.#reset(toRefused("data", answer.reply, this.#refused));
  }

  /**
   * Sends the whole message as one chunk, in the same flight as the envelope if that is given. All octets but those of
   * the last block go out under flow control; once that is handed over, only the replies tell what became of it.
   */
  async #sendChunk(envelope: EnvelopeLines | null): Promise<SendOutcome> {
    const outcome = await this.#handOverChunk(envelope);
    if (outcome.kind === "refused" && outcome.stage === "body") this.#noteReplyToChunk(outcome.reply, UNREAD);
    return outcome;
  }

  #noteReplyToChunk({ code }: SmtpReply, unread: readonly number[]): void {
    if (!unread.includes(code)) return;
    this.#isChunkUnread = true;
    this.#session.stream.destroy();
  }

  async #handOverChunk(envelope: EnvelopeLines | null): Promise<SendOutcome> {
    const { stream } = this.#session;
    const lines = envelope === null ? [] : [envelope.mail, ...envelope.recipients.map(({ line }) => line)];
    const blocks = [...octetBlocks(this.#raw)];
    const last = blocks.pop();
    const head = [...lines, `BDAT ${this.#raw.length} LAST`];
    if (blocks.length === 0) stream.say(head, last);
    else {
      stream.say(head);
      const stopped = (await this.#writeBlocks(blocks)) ?? this.#reasonToStop();
      if (stopped !== null) return (await this.#refusalInFlight(envelope)) ?? stopped;
      stream.say([], last);
    }
    const refusal = envelope === null ? null : await this.#readEnvelope(envelope);
    if (refusal?.kind === "not_sent") return { kind: "unknown", reason: refusal.reason, refused: this.#refused };
    return refusal === null ? this.#readOutcome({ isChunk: true }) : this.#readRefusedChunk(refusal);
  }

  /** Why the server refuses the envelope of a message that is still on its way; null if it does not, or is silent. */
  async #refusalInFlight(envelope: EnvelopeLines | null): Promise<EarlyOutcome> {
    if (envelope === null || this.#session.stream.refusal === null) return null;
    const refusal = await this.#readEnvelope(envelope);
    return refusal?.kind === "refused" ? refusal : null;
  }

  /** A chunk without a sender or recipient must be refused too (RFC 3030 §2). */
  async #readRefusedChunk(refusal: SendOutcome): Promise<SendOutcome> {
    const { stream } = this.#session;
    const answer = await stream.reply(timeoutFor(this.#clock, "endOfData"));
    if (answer.kind === "reply") this.#noteReplyToChunk(answer.reply, UNREAD_WITHOUT_RECIPIENT);
    if (answer.kind === "lost" || answer.reply.code >= 400) return this.#reset(refusal);
    stream.destroy();
    const reason = `reply ${answer.reply.code} to a message whose envelope was refused`;
    return { kind: "unknown", reason, refused: this.#refused };
  }

  async #writeBlocks(blocks: Iterable<Buffer>): Promise<EarlyOutcome> {
    const { stream } = this.#session;
    for (const block of blocks) {
      const outcome = this.#reasonToStop();
      if (outcome !== null) return outcome;
      const timeoutMs = Math.min(timeoutFor(this.#clock, "block"), this.#leftMs());
      const written = await stream.write(block, timeoutMs);
      if (written.kind === "lost") return this.#reasonToStop() ?? this.#abort(written.reason);
    }
    return null;
  }

  #abort(reason: string, stage: SmtpStage = "body"): SendOutcome {
    this.#session.stream.destroy();
    return { kind: "not_sent", stage, reason };
  }

  /**
   * Returns the reason why the message must not be ended; without its end, nothing is delivered. The server may have
   * left or spoken in between, or this worker was frozen (the platform takes its CPU after a timeout) and wakes after
   * others have taken over the message.
   */
  #reasonToStop(stage: SmtpStage = "body"): EarlyOutcome {
    const { interjection, refusal, lost } = this.#session.stream;
    const unasked = interjection ?? refusal;
    if (unasked !== null) {
      const outcome = this.#abort(`unexpected reply ${unasked.code}`, stage);
      return unasked.code >= 400 ? toRefused(stage, unasked, this.#refused) : outcome;
    }
    if (lost) return this.#abort("the server broke off", stage);
    return this.#clock.nowMs() >= this.#endsAtMs ? this.#abort("it took too long") : null;
  }

  /** Reads the reply to a message whose last octet has been handed over: only the server knows if it was accepted. */
  async #readOutcome({ isChunk }: { readonly isChunk: boolean }): Promise<SendOutcome> {
    const { stream } = this.#session;
    const answer = await stream.reply(timeoutFor(this.#clock, "endOfData"));
    if (answer.kind === "lost") return { kind: "unknown", reason: answer.reason, refused: this.#refused };
    const { reply } = answer;
    if (isPositive(reply)) {
      const said = withoutLines(reply);
      return { kind: "accepted", accepted: this.#accepted, refused: this.#refused, reply: said, providerId: null };
    }
    if (isChunk && UNREAD.includes(reply.code)) return toRefused("body", reply, this.#refused);
    // A refused chunk leaves the transaction open (RFC 3030 §4.2). A refused end of data closes it; RSET does no harm.
    if (reply.code >= 400) return this.#reset(toRefused("body", reply, this.#refused));
    stream.destroy();
    const reason = `unexpected reply ${reply.code} to the end of the message`;
    return { kind: "unknown", reason, refused: this.#refused };
  }

  /** Leaves the session clean for the next message; a failure here does not change this message's outcome. */
  async #reset(outcome: SendOutcome): Promise<SendOutcome> {
    const { stream } = this.#session;
    if (stream.lost) return outcome;
    if (this.#closing !== null || (outcome.kind === "refused" && outcome.reply.code === 421)) {
      // The server is closing (RFC 5321 §3.8) and may not answer any more.
      stream.destroy();
      return outcome;
    }
    const answer = await stream.command("RSET", timeoutFor(this.#clock, "command"));
    if (answer.kind === "reply" && !isPositive(answer.reply)) stream.destroy();
    return outcome;
  }

  #reply(): Promise<Answer> {
    return this.#session.stream.reply(Math.min(timeoutFor(this.#clock, "command"), this.#leftMs()));
  }

  #leftMs(): number {
    return Math.max(SECOND, this.#endsAtMs - this.#clock.nowMs());
  }
}
