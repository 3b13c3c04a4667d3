import type { TextCode } from "../problem-texts.ts";
import type { Transport } from "../transport.ts";
import type { SmtpReply, SmtpStage } from "./replies.ts";

/**
 * What a refusal means:
 * - `final`: Gmail will never accept this mail or, at RCPT, this recipient.
 * - `again`: a temporary problem of Gmail, the session or a recipient.
 * - `daily_limit`, `rate_limit`, `login_limit`: for now, the account may not send or log in; its other mail waits too.
 * - `account`: the account may not send at all.
 */
export type ReplyMeaning = "again" | "final" | "daily_limit" | "rate_limit" | "login_limit" | "account";

/** A negative reply and its stage. `reasons` are the Gmail API's own, in lower case (`failedprecondition`). */
export interface Refusal {
  readonly transport: Transport;
  readonly stage: SmtpStage;
  readonly reply: SmtpReply;
  readonly reasons?: readonly string[];
}

export interface Classification {
  readonly meaning: ReplyMeaning;
  /** The code of the text that people read. */
  readonly problem: TextCode;
}

/** A row applies if all of its members match; `words` is tested against the text of the reply. */
interface Row extends Classification {
  readonly at?: readonly SmtpStage[];
  readonly code?: RegExp;
  readonly enhanced?: RegExp;
  readonly words?: RegExp;
  readonly reason?: RegExp;
}

const FROM_MAIL_ON = ["mail", "rcpt", "data", "body"] as const;
const AFTER_RCPT = ["data", "body"] as const;

/** Words about a recipient's mailbox, which may be over quota or disabled too. */
const DESTINATION =
  /(?:tried|trying|attempted) to (?:reach|contact|send)|recipient(?:'s|’s)? (?:address|mailbox|inbox|account|is|has|was)|recipient(?:'s|’s)|user unknown|no such user/i;
/** Words about a limit of the message itself, not a quota of the account. */
const MESSAGE_LIMIT = /\bsize\b|too (?:large|big)|\bhops?\b|\battachments?\b|\bheaders?\b|\blines?\b/i;
/** Words about one mail; its text may go on to name the sending limits. */
const TOO_MANY_RECIPIENTS = /(?:message|e?-?mail|transaction|envelope) has too many recipients/i;
const TOO_MANY_LOGINS = /too many (?:\w+ ){0,3}(?:log-?ins?|auth\w*|connections?|sessions?)|log-?in rate/i;
/** Words about a pace that is too fast, not a daily limit. */
const RATE =
  /rate[ -]?limit|rate (?:is |was |has been )?exceeded|(?:too|very) (?:quickly|fast)|per[ -](?:second|minute|hour|100 seconds)|unusual rate|too many (?:concurrent )?(?:requests|messages|mails|e-?mails)|ratelimitexceeded|rate_limit_exceeded/i;
const PER_MINUTE = /per[ -](?:second|minute|hour|100 seconds)/i;
const PER_DAY = /daily|sending limit|per[ -]day/i;
const API_DISABLED = /has not been used in project|API (?:is |has been )?disabled/i;
const DAILY =
  /quota|daily\b.*\blimit|\b(?:sending|send|sent|relay|user|account|messages?|mails?|e-?mails?) (?:sending )?limits?\b|limits? (?:for|of) (?:sending|the day)|limit (?:has been |was |is )?(?:exceeded|reached)|exceeded (?:\w+ ){0,4}limit|per[ -]day|24[ -]hours/i;
/** Words about an account that may not send: denied, disabled, locked, without a licence. */
const ACCOUNT = new RegExp(
  [
    /sending (?:e?-?mails? |messages? )?(?:is |has been |was )?(?:denied|disabled|suspended|blocked|not (?:allowed|permitted|enabled))/,
    /mail relay denied/,
    /invalid credentials for relay/,
    /(?:account|sender) (?:(?:is|has been|was|currently|temporarily) )*(?:disabled|suspended|deactivated|blocked|locked|not (?:active|enabled))/,
    /(?:service|gmail) (?:is |has been )?(?:not enabled|disabled|suspended|turned off)/,
    /not (?:allowed|authori[sz]ed|permitted) to send(?! (?:\w+ ){0,3}to\b)/,
    /precondition check failed/,
    /log ?in (?:via|through|with|using) your web browser/,
    /application-specific password/,
    /licen[cs]e (?:\w+ ){0,3}(?:expired|lapsed|missing|required|suspended)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "i",
);

const BY_API: readonly Row[] = [
  // --- known reasons; 429 needs words as well, because it has one reason for every limit ---
  {
    reason: /accessnotconfigured|service_disabled/,
    meaning: "account",
    problem: "gmail_api_disabled",
  },
  { reason: /domainpolicy/, meaning: "account", problem: "admin_policy" },
  { reason: /failed_?precondition/, meaning: "account", problem: "gmail_refused" },
  { reason: /insufficient|scope|^forbidden$/, meaning: "account", problem: "auth_refused" },
  { reason: /quota|limit|toomany/, words: PER_MINUTE, meaning: "rate_limit", problem: "rate_limited" },
  { reason: /dailylimit|quota/, meaning: "daily_limit", problem: "quota_reached" },
  { code: /429/, words: PER_DAY, meaning: "daily_limit", problem: "quota_reached" },
  { reason: /rate_?limit|toomany/, meaning: "rate_limit", problem: "rate_limited" },
  { code: /429/, meaning: "rate_limit", problem: "rate_limited" },
  // --- words, if there is no known reason ---
  { words: API_DISABLED, meaning: "account", problem: "gmail_api_disabled" },
  { code: /400|403/, words: ACCOUNT, meaning: "account", problem: "gmail_refused" },
  { code: /403/, words: PER_DAY, meaning: "daily_limit", problem: "quota_reached" },
  { code: /403/, words: RATE, meaning: "rate_limit", problem: "rate_limited" },
  { code: /403/, words: DAILY, meaning: "daily_limit", problem: "quota_reached" },
  { code: /401|403/, meaning: "account", problem: "auth_refused" },
  // These say nothing about the mail: 404 and 405 are about the URL, 408 to 425 about the moment.
  { code: /404|405|408|409|421|425|5\d\d/, meaning: "again", problem: "gmail_unavailable" },
  { meaning: "final", problem: "message_refused" },
];

const BY_SMTP: readonly Row[] = [
  // --- words and enhanced codes about a recipient ---
  { at: ["rcpt"], enhanced: /^[45]\.[12]\./, code: /4\d\d|552/, meaning: "again", problem: "temporarily_refused" },
  { at: ["rcpt"], enhanced: /^[45]\.[12]\./, code: /5\d\d/, meaning: "final", problem: "recipients_refused" },
  { at: ["rcpt"], words: DESTINATION, code: /4\d\d|552/, meaning: "again", problem: "temporarily_refused" },
  { at: ["rcpt"], words: DESTINATION, code: /5\d\d/, meaning: "final", problem: "recipients_refused" },
  { at: AFTER_RCPT, words: DESTINATION, code: /4\d\d/, meaning: "again", problem: "temporarily_refused" },
  { at: AFTER_RCPT, words: DESTINATION, code: /5\d\d/, meaning: "final", problem: "message_refused" },
  // Too many recipients for one transaction: try the others later (RFC 5321 §4.5.3.1.10, RFC 3463 X.5.3).
  { at: ["rcpt"], enhanced: /^[45]\.5\.3$/, meaning: "again", problem: "temporarily_refused" },
  { at: AFTER_RCPT, code: /4\d\d/, enhanced: /^[45]\.5\.3$/, meaning: "again", problem: "temporarily_refused" },
  { at: FROM_MAIL_ON, code: /4\d\d/, words: TOO_MANY_RECIPIENTS, meaning: "again", problem: "temporarily_refused" },

  // --- limits of the account ---
  { enhanced: /^5\.4\.5$/, meaning: "daily_limit", problem: "quota_reached" },
  { at: ["mail", "data", "body"], code: /5\d\d/, words: MESSAGE_LIMIT, meaning: "final", problem: "message_refused" },
  { at: ["greeting", "auth"], words: TOO_MANY_LOGINS, meaning: "login_limit", problem: "too_many_logins" },
  { at: FROM_MAIL_ON, code: /421|454/, words: TOO_MANY_LOGINS, meaning: "login_limit", problem: "too_many_logins" },
  { at: ["greeting", "auth", ...FROM_MAIL_ON], words: RATE, meaning: "rate_limit", problem: "rate_limited" },
  { at: ["greeting", "auth", ...FROM_MAIL_ON], words: DAILY, meaning: "daily_limit", problem: "quota_reached" },

  // --- the account may not send ---
  { at: ["auth"], code: /5\d\d/, meaning: "account", problem: "auth_refused" },
  { at: FROM_MAIL_ON, code: /534|535/, meaning: "account", problem: "auth_refused" },
  { at: FROM_MAIL_ON, code: /5\d\d/, words: ACCOUNT, meaning: "account", problem: "gmail_refused" },
  // MAIL concerns only the account itself, and so does a refusal by policy.
  { at: ["mail"], code: /55\d/, enhanced: /^5\.7\./, meaning: "account", problem: "gmail_refused" },

  // --- Gmail itself and the session ---
  { at: ["greeting", "auth"], code: /4\d\d/, meaning: "again", problem: "gmail_unavailable" },
  { code: /4\d\d/, meaning: "again", problem: "temporarily_refused" },
  { at: ["dns", "tls", "greeting"], meaning: "again", problem: "temporarily_refused" },
  { code: /502|503|530/, meaning: "again", problem: "temporarily_refused" },

  // --- this recipient, this mail ---
  { at: ["rcpt"], code: /552/, meaning: "again", problem: "temporarily_refused" },
  { at: ["rcpt"], meaning: "final", problem: "recipients_refused" },
  { at: ["mail"], code: /552/, meaning: "final", problem: "message_refused" },
  // A non-ASCII address (RFC 6531), or octets that the server does not take (RFC 6152).
  { at: ["mail"], enhanced: /^5\.6\.[37]$/, meaning: "final", problem: "message_refused" },
  { at: ["mail"], meaning: "final", problem: "sender_refused" },
  { meaning: "final", problem: "message_refused" },
];

/**
 * The first row that applies decides. Words matter as much as codes: Gmail reports a quota by 421, 450, 452, 550 and
 * 552, and uses one code (454 4.7.0, 550 5.7.1) for the account, for itself and for one mail. Sources: RFC 3463, RFC
 * 4954 §6, RFC 5321 §3.8, §4.2 and §4.5.3.1.10, support.google.com/a/answer/3726730 (SMTP),
 * developers.google.com/workspace/gmail/api/guides/handle-errors (API).
 */
const TABLES: Readonly<Record<Transport, readonly Row[]>> = { smtp: BY_SMTP, gmail_api: BY_API };

const applies = (row: Row, { stage, reply, reasons = [] }: Refusal): boolean =>
  (row.at?.includes(stage) ?? true) &&
  (row.code?.test(String(reply.code)) ?? true) &&
  (row.enhanced?.test(reply.enhanced ?? "") ?? true) &&
  (row.words?.test(reply.response) ?? true) &&
  (row.reason === undefined || reasons.some((reason) => row.reason?.test(reason)));

/** Classifies any refusal, because the last row of each transport always applies. */
export const classify = (refusal: Refusal): Classification => {
  const row = TABLES[refusal.transport].find((candidate) => applies(candidate, refusal));
  if (row === undefined) throw new Error("each table of replies ends with a row that applies to everything");
  return { meaning: row.meaning, problem: row.problem };
};
