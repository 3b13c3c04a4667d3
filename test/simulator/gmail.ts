import { DAY, HOUR, MINUTE, SECOND } from "../../functions/domain/clock.ts";
import type { GmailAccount } from "../../functions/domain/google/accounts.ts";
import type { SmtpReply, SmtpStage } from "../../functions/domain/google/replies.ts";
import type {
  BeforeData,
  Login,
  MailTransport,
  OutgoingMail,
  RefusedRecipients,
  SendOutcome,
} from "../../functions/domain/google/transports.ts";
import type { Transport } from "../../functions/domain/transport.ts";
import type { Chance } from "./chance.ts";
import { type Account, type Google, mayUseSmtp } from "./google.ts";
import type { Process } from "./process.ts";
import type { Timeline } from "./timeline.ts";
import type { Weather } from "./weather.ts";

/** What Gmail took: one message of an account, for these recipients. */
export type OnTaken = (taken: {
  readonly messageId: string;
  readonly account: Account;
  readonly recipients: readonly string[];
}) => void;

/** Each is the probability at one mail. */
export interface GmailFaults {
  /** A temporary refusal at any stage, or a connection that breaks before the end of the message. */
  readonly passing: number;
  /** The reply to the end of the message is lost; half of the time Gmail has taken it. */
  readonly lostReply: number;
  /** The search's index is late by up to a quarter of an hour. */
  readonly lateIndex: number;
}

/** An address that begins like this is refused: for good, or for now. */
export const GONE = "gone";
export const LATER = "later";

const MOST_SESSIONS = 15;
/**
 * The transports do not end a message later than this, since others may have taken it over by then: from the connection
 * on by SMTP (`sendBudgetMs`), from the mark on by the API (`markBudgetMs`).
 */
const BUDGET_MS = { smtp: 150 * SECOND, gmail_api: 30 * SECOND };
const TOO_LATE: SendOutcome = { kind: "not_sent", stage: "body", reason: "it took too long" };

const reply = (code: number, enhanced: string | null, response: string): SmtpReply => ({ code, enhanced, response });
const OK = reply(250, "2.0.0", "OK");

const refused = (stage: SmtpStage, said: SmtpReply, more: RefusedRecipients = []): SendOutcome => ({
  kind: "refused",
  stage,
  reply: said,
  refused: more,
  retryAfterMs: null,
});

const NO_TOKEN = reply(535, "5.7.8", "Username and Password not accepted");
const DAILY = reply(550, "5.4.5", "Daily user sending limit exceeded.");
const DENIED = reply(550, "5.7.0", "Mail Sending denied");
const LOGINS = reply(454, "4.7.0", "Too many login attempts, please try again later.");
const PASSING: readonly [SmtpStage, SmtpReply][] = [
  ["greeting", reply(421, "4.3.0", "Temporary System Problem. Try again later")],
  ["auth", reply(454, "4.7.0", "Temporary authentication failure")],
  ["mail", reply(451, "4.3.0", "Mail server temporarily rejected message.")],
  ["rcpt", reply(451, "4.4.2", "Timeout - closing connection.")],
  ["data", reply(421, "4.7.0", "Try again later, closing connection.")],
  ["body", reply(451, "4.3.0", "Mail server temporarily rejected message.")],
];

/** What the API answers in passing; what it did with the mail after a 5xx, nobody knows. */
const BUSY: SendOutcome = {
  kind: "refused",
  stage: "body",
  reply: reply(429, null, "Too many concurrent requests for user."),
  reasons: ["ratelimitexceeded"],
  refused: [],
  retryAfterMs: 20 * SECOND,
};
const BACKEND = reply(503, null, "The service is currently unavailable.");

/** The Message-ID of what the simulated composer made, and of composed mail. */
export const messageIdIn = (raw: Buffer): string => /^Message-ID: (\S+)\r?$/im.exec(raw.toString("latin1"))?.[1] ?? "";

/** Gmail in memory: SMTP, the API's send and search, and what they are known to do. */
export class Gmail {
  readonly #google: Google;
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #weather: Weather;
  readonly #faults: GmailFaults;
  /** When a search finds each message of an account. */
  readonly #sent = new Map<string, number>();
  onTaken: OnTaken = () => undefined;

  constructor(
    world: { readonly google: Google; readonly timeline: Timeline; readonly chance: Chance; readonly weather: Weather },
    faults: GmailFaults,
  ) {
    this.#google = world.google;
    this.#timeline = world.timeline;
    this.#chance = world.chance;
    this.#weather = world.weather;
    this.#faults = faults;
  }

  forget(messageId: string): void {
    this.#sent.delete(messageId);
  }

  #happens(probability: number): boolean {
    return !this.#weather.isCalm && this.#chance.happens(probability);
  }

  transport(kind: Transport, process: Process): MailTransport {
    return {
      send: (mail, login, beforeData) => this.#send(kind, process, { mail, login, beforeData }),
      probe: async (login) => {
        await process.wait(this.#chance.between(100, 900));
        const account = this.#google.accountBy(login.accessToken)?.account;
        if (this.#weather.isDown("gmail")) return [{ stage: "tls", ok: false, ms: 100, reason: "timed out" }];
        const okay = account !== undefined && account.refusedUntilMs <= this.#timeline.nowMs;
        return [{ stage: "auth", ok: okay, ms: 100, ...(okay ? {} : { reply: DENIED }) }];
      },
      close: async () => undefined,
    };
  }

  account(process: Process): GmailAccount {
    return {
      findSent: async (login, { messageId }) => {
        await process.wait(this.#chance.between(100, 900));
        if (this.#weather.isDown("gmail") || this.#happens(this.#faults.passing)) return "unavailable";
        const opened = this.#google.accountBy(login.accessToken);
        if (opened === undefined) return "token_refused";
        if (!mayUseSmtp(opened.scopes)) return "forbidden";
        const foundFromMs = this.#sent.get(messageId);
        return foundFromMs !== undefined && foundFromMs <= this.#timeline.nowMs ? "found" : "not_found";
      },
      sendAs: async (login) => {
        await process.wait(this.#chance.between(100, 900));
        const opened = this.#google.accountBy(login.accessToken);
        if (this.#weather.isDown("gmail") || opened === undefined) return "unavailable";
        if (!mayUseSmtp(opened.scopes)) return "forbidden";
        return [opened.account.email, ...opened.account.formerEmails];
      },
    };
  }

  #refusalOfAccount(account: Account, kind: Transport): SendOutcome | null {
    const nowMs = this.#timeline.nowMs;
    if (account.refusedUntilMs > nowMs)
      return kind === "smtp"
        ? refused("mail", DENIED)
        : ({
            ...refused("body", reply(400, null, "Precondition check failed.")),
            reasons: ["failedprecondition"],
          } as SendOutcome);
    if (account.quotaUntilMs <= nowMs) return null;
    return kind === "smtp"
      ? refused("mail", DAILY)
      : ({
          ...refused("body", reply(429, null, "User-rate limit exceeded. Daily limit")),
          reasons: ["ratelimitexceeded"],
          retryAfterMs: 15 * MINUTE,
        } as SendOutcome);
  }

  async #send(
    kind: Transport,
    process: Process,
    job: { readonly mail: OutgoingMail; readonly login: Login; readonly beforeData: BeforeData },
  ): Promise<SendOutcome> {
    const fromMs = this.#timeline.nowMs;
    await process.wait(this.#chance.between(30, 200));
    if (this.#weather.isDown("gmail")) {
      await process.wait(this.#chance.between(SECOND, 20 * SECOND));
      return { kind: "not_sent", stage: this.#chance.happens(0.2) ? "dns" : "tls", reason: "timed out" };
    }
    const opened = this.#google.accountBy(job.login.accessToken);
    if (opened === undefined || !this.#isUser(opened.account, job.login.username))
      return refused("auth", kind === "smtp" ? NO_TOKEN : reply(401, null, "Invalid Credentials"));
    if (kind === "smtp" && !mayUseSmtp(opened.scopes)) return refused("auth", NO_TOKEN);
    const { account } = opened;
    if (account.sessions >= MOST_SESSIONS) return refused("auth", LOGINS);
    account.sessions += 1;
    // Gmail notices soon that the other side is gone.
    const dead = process.whenDead(() =>
      this.#timeline.after(SECOND, () => {
        account.sessions -= 1;
      }),
    );
    try {
      return await this.#talk(kind, process, { ...job, account, fromMs });
    } finally {
      dead();
      account.sessions -= 1;
    }
  }

  #isUser(account: Account, username: string): boolean {
    return account.email === username || account.formerEmails.includes(username);
  }

  #refusedRecipients(mail: OutgoingMail): RefusedRecipients {
    return mail.envelope.to.flatMap((address) => {
      if (address.startsWith(GONE))
        return [{ address, reply: reply(550, "5.1.1", "The email account that you tried to reach does not exist.") }];
      const later = address.startsWith(LATER) && this.#chance.happens(0.7);
      return later ? [{ address, reply: reply(450, "4.2.1", "The user is receiving mail too quickly.") }] : [];
    });
  }

  async #talk(
    kind: Transport,
    process: Process,
    job: {
      readonly mail: OutgoingMail;
      readonly beforeData: BeforeData;
      readonly account: Account;
      readonly fromMs: number;
    },
  ): Promise<SendOutcome> {
    const { mail, beforeData, account } = job;
    const denial = this.#refusalOfAccount(account, kind);
    const inPassing = this.#happens(this.#faults.passing);
    const passing = inPassing && kind === "smtp" ? PASSING[this.#chance.below(PASSING.length)] : undefined;
    if (passing !== undefined && passing[0] !== "body") {
      if (this.#chance.happens(0.4)) return { kind: "not_sent", stage: passing[0], reason: "connection lost" };
      return refused(passing[0], passing[1]);
    }
    if (denial !== null && kind === "smtp") return denial;
    await process.wait(this.#chance.between(30, 200));
    const refusals = kind === "smtp" ? this.#refusedRecipients(mail) : [];
    const first = refusals[0];
    if (first !== undefined && refusals.length === mail.envelope.to.length)
      return refused("rcpt", first.reply, refusals);
    const fromMs = kind === "smtp" ? job.fromMs : this.#timeline.nowMs;
    if (!(await beforeData(refusals))) return { kind: "abandoned" };
    if (kind === "smtp") await process.wait(this.#chance.between(10, 100));
    if (this.#timeline.nowMs - fromMs > BUDGET_MS[kind]) return TOO_LATE;
    if (denial !== null) return denial;
    if (inPassing && kind === "gmail_api") return this.#failByApi(process, mail, account);
    return this.#finish(process, { mail, account, refusals, passing });
  }

  async #failByApi(process: Process, mail: OutgoingMail, account: Account): Promise<SendOutcome> {
    await process.wait(this.#chance.between(50, 300));
    if (this.#chance.happens(0.5)) return BUSY;
    if (this.#chance.happens(0.5)) this.#takeSoon(mail, account, mail.envelope.to);
    return { kind: "unknown", reason: "HTTP 503", reply: BACKEND };
  }

  /** The end of the message has gone out. */
  async #finish(
    process: Process,
    job: {
      readonly mail: OutgoingMail;
      readonly account: Account;
      readonly refusals: RefusedRecipients;
      readonly passing: readonly [SmtpStage, SmtpReply] | undefined;
    },
  ): Promise<SendOutcome> {
    const { mail, account, refusals, passing } = job;
    const lost = this.#happens(this.#faults.lostReply);
    if (lost && this.#chance.happens(0.5)) return this.#lose(process, refusals);
    if (passing !== undefined) return refused("body", passing[1], refusals);
    const accepted = mail.envelope.to.filter((address) => !refusals.some((one) => one.address === address));
    this.#takeSoon(mail, account, accepted);
    if (lost) return this.#lose(process, refusals);
    await process.wait(this.#chance.between(50, 300));
    return { kind: "accepted", accepted, refused: refusals, reply: OK, providerId: null };
  }

  async #lose(process: Process, refusals: RefusedRecipients): Promise<SendOutcome> {
    await process.wait(this.#chance.between(SECOND, 30 * SECOND));
    return { kind: "unknown", reason: "connection lost", refused: refusals };
  }

  /** The last octet is under way: whatever becomes of its sender, Gmail takes the mail. */
  #takeSoon(mail: OutgoingMail, account: Account, recipients: readonly string[]): void {
    this.#timeline.after(this.#chance.between(5, 50), () => this.#take(mail, account, recipients));
  }

  #take(mail: OutgoingMail, account: Account, recipients: readonly string[]): void {
    const messageId = messageIdIn(mail.raw);
    const lateMs = this.#happens(this.#faults.lateIndex)
      ? this.#chance.between(MINUTE, 15 * MINUTE)
      : this.#chance.between(SECOND, 20 * SECOND);
    if (!this.#sent.has(messageId)) this.#sent.set(messageId, this.#timeline.nowMs + lateMs);
    this.onTaken({ messageId, account, recipients });
  }
}

/** The longest that a denial or a used-up quota lasts. */
export const DENIAL_MS = { shortest: HOUR, longest: DAY };
