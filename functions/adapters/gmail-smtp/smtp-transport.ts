import type { Clock } from "../../domain/clock.ts";
import type {
  BeforeData,
  Login,
  MailTransport,
  OutgoingMail,
  ProbeStage,
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
    if (reused !== undefined) {
      const outcome = await this.#run(reused, login, job);
      if (this.#closed || !sessionHadEnded(outcome)) return outcome;
    }
    const opened = await this.#opener.open(login);
    if (!opened.ok) return toFailedOutcome(opened);
    return this.#run({ session: opened.value, transactions: 0, mails: 0 }, login, job);
  }

  async #run(used: UsedSession, login: Login, job: Job): Promise<SendOutcome> {
    const { session, mails } = used;
    this.#inUse.add(session);
    try {
      const mayChunk = this.#habits.goesOnAfter(mails);
      const transaction = new Transaction(this.#clock, session, { ...job, mayChunk });
      const outcome = await transaction.run(job.beforeData);
      const isAccepted = outcome.kind === "accepted";
      if (isAccepted) this.#habits.noteGoingOn(mails);
      this.#idle.give(login, { session, transactions: used.transactions + 1, mails: mails + (isAccepted ? 1 : 0) });
      return outcome;
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
