import type { Clock } from "../../domain/clock.ts";
import type {
  BeforeData,
  Login,
  MailTransport,
  OutgoingMail,
  ProbeStage,
  RefusedRecipients,
  SendOutcome,
} from "../../domain/google/transports.ts";
import type { SmtpEndpoint } from "./connect.ts";
import { sendBudgetMs } from "./limits.ts";
import { probeSmtp } from "./probe.ts";
import { ServerHabits } from "./server-habits.ts";
import { type Opened, SessionOpener, type SmtpSession } from "./session.ts";
import { IdleSessions, type UsedSession } from "./sessions.ts";
import { Transaction } from "./transaction.ts";

const toFailedOutcome = (opened: Exclude<Opened, { readonly ok: true }>): SendOutcome =>
  "reply" in opened
    ? { kind: "refused", stage: opened.stage, reply: opened.reply, refused: [], retryAfterMs: null }
    : { kind: "not_sent", stage: opened.stage, reason: opened.reason };

interface Job {
  readonly mail: OutgoingMail;
  readonly beforeData: BeforeData;
  readonly endsAtMs: number;
}

/**
 * True if the server had already ended the idle session (closed, or 421: RFC 5321 §3.8). It has seen nothing of this
 * message, so a new session may send it.
 */
const sessionHadEnded = (outcome: SendOutcome): boolean =>
  (outcome.kind === "not_sent" && outcome.stage === "mail") ||
  (outcome.kind === "refused" && outcome.stage === "mail" && outcome.reply.code === 421);

/** The same mail for those who were accepted: nobody else of it may be accepted by the second try. */
const forAccepted = (job: Job, accepted: readonly string[], refused: RefusedRecipients): Job => ({
  ...job,
  mail: { ...job.mail, envelope: { ...job.mail.envelope, to: accepted } },
  beforeData: (more = []) => job.beforeData([...refused, ...more]),
});

const withRefused = (outcome: SendOutcome, refused: RefusedRecipients): SendOutcome =>
  outcome.kind === "not_sent" || outcome.kind === "abandoned"
    ? outcome
    : { ...outcome, refused: [...refused, ...(outcome.refused ?? [])] };

/** Nothing of it was accepted, and the server said so about the command, not about the mail. */
const CHUNK_UNREAD: SendOutcome = {
  kind: "not_sent",
  stage: "body",
  reason: "the server offers CHUNKING but does not know BDAT",
};

interface Ran {
  readonly outcome: SendOutcome;
  /** The mail went out as a chunk that the server did not know, to these recipients. */
  readonly unreadBy: readonly string[] | null;
}

/**
 * Gmail's SMTP by XOAUTH2 (scope `https://mail.google.com/`, the only one that Google accepts there). It is our own
 * client because the line between "not sent" and "may have been sent" must be sharp: it is the moment when the end of
 * data is handed to the socket. A mail library's stream ends long before that, and reports every loss alike.
 */
export class GmailSmtpTransport implements MailTransport {
  readonly #clock: Clock;
  readonly #opener: SessionOpener;
  readonly #habits = new ServerHabits();
  readonly #idle: IdleSessions;
  readonly #inUse = new Set<SmtpSession>();
  #closed = false;

  constructor(clock: Clock, endpoint: SmtpEndpoint) {
    this.#clock = clock;
    this.#opener = new SessionOpener(clock, endpoint);
    this.#idle = new IdleSessions(clock, this.#habits);
  }

  async send(mail: OutgoingMail, login: Login, beforeData: BeforeData): Promise<SendOutcome> {
    const job = { mail, beforeData, endsAtMs: this.#clock.nowMs() + sendBudgetMs(this.#clock) };
    const reused = await this.#idle.take(login);
    if (reused === undefined) return this.#sendByNewSession(login, job);
    const { outcome, unreadBy } = await this.#run(reused, login, job);
    if (unreadBy !== null) return this.#sendUnread(login, job, { outcome, unreadBy });
    return this.#closed || !sessionHadEnded(outcome) ? outcome : this.#sendByNewSession(login, job);
  }

  /** Opens a session and sends the mail by DATA, like the first mail of every session. */
  async #sendByNewSession(login: Login, job: Job): Promise<SendOutcome> {
    const opened = await this.#opener.open(login);
    if (!opened.ok) return toFailedOutcome(opened);
    return (await this.#run({ session: opened.value, transactions: 0, mails: 0 }, login, job)).outcome;
  }

  /** Hands over a mail once more whose chunk the server did not know. */
  async #sendUnread(login: Login, job: Job, { outcome, unreadBy }: Ran): Promise<SendOutcome> {
    if (this.#closed || unreadBy === null) return CHUNK_UNREAD;
    const refused = outcome.kind === "refused" ? outcome.refused : [];
    return withRefused(await this.#sendByNewSession(login, forAccepted(job, unreadBy, refused)), refused);
  }

  async #run(used: UsedSession, login: Login, job: Job): Promise<Ran> {
    const { session, mails } = used;
    this.#inUse.add(session);
    try {
      const mayChunk = this.#habits.takesChunkAfter(mails);
      const transaction = new Transaction(this.#clock, session, { ...job, mayChunk });
      const outcome = await transaction.run(job.beforeData);
      if (transaction.isChunkUnread) this.#habits.noteUnreadChunk();
      const isAccepted = outcome.kind === "accepted";
      if (isAccepted) this.#habits.noteGoingOn(mails);
      this.#idle.give(login, { session, transactions: used.transactions + 1, mails: mails + (isAccepted ? 1 : 0) });
      const isUnread = transaction.isChunkUnread && outcome.kind === "refused" && outcome.stage === "body";
      return { outcome, unreadBy: isUnread ? [...transaction.accepted] : null };
    } catch (error) {
      // Only the caller's mark or 7-bit form can throw here, and both come before the message.
      session.stream.destroy();
      throw error;
    } finally {
      this.#inUse.delete(session);
    }
  }

  probe(login: Login): Promise<readonly ProbeStage[]> {
    return probeSmtp(this.#clock, this.#opener, login);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#inUse) session.stream.destroy();
    await this.#idle.close();
  }
}
