import type { gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import type { Clock } from "../../domain/clock.ts";
import type {
  BeforeData,
  Login,
  MailTransport,
  OutgoingMail,
  ProbeStage,
  SendOutcome,
} from "../../domain/google/transports.ts";
import {
  failureOf,
  type GmailApiEndpoint,
  gmailClient,
  isLimit,
  markBudgetMs,
  timeoutFor,
  UPLOAD_MS,
} from "./gmail-request.ts";
import { probeGmailApi } from "./probe.ts";
import { type Submission, type Submit, submissionsFor } from "./submissions.ts";
import { withBcc } from "./with-bcc.ts";

/** The connection itself failed: Gmail cannot have read a byte of the request. */
const BEFORE_CONNECTION =
  /^(ENOTFOUND|EAI_|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/** Gmail itself never answers a send with these. */
const NO_SUCH_ENDPOINT: readonly number[] = [404, 405];

const BAD_RECIPIENT: SendOutcome = {
  kind: "refused",
  stage: "body",
  reply: { code: 400, enhanced: null, response: "a recipient's address cannot stand in a header" },
  refused: [],
  retryAfterMs: null,
};

type Attempt = {
  readonly outcome: SendOutcome;
  /** The server does not offer this endpoint, so nobody has received the message. */
  readonly noSuchEndpoint: boolean;
};

const toAccepted = (mail: OutgoingMail, answer: Awaited<Submission["answer"]>): SendOutcome => ({
  kind: "accepted",
  accepted: mail.envelope.to,
  refused: [],
  reply: { code: answer.status, enhanced: null, response: "OK" },
  providerId: answer.data.id ?? null,
});

/**
 * Sends by `users.messages.send`, as JSON or as an upload (`submissions.ts`).
 *
 * Gmail takes no idempotency key. So a refusal (4xx) means "not sent", whereas after a 5xx, a timeout or a lost
 * connection the message may have been sent once its whole body was handed over.
 */
export class GmailApiTransport implements MailTransport {
  readonly #clock: Clock;
  readonly #endpoint: GmailApiEndpoint;
  readonly #gmail: gmail_v1.Gmail = gmailClient();

  constructor(clock: Clock, endpoint: GmailApiEndpoint) {
    this.#clock = clock;
    this.#endpoint = endpoint;
  }

  async send(mail: OutgoingMail, login: Login, beforeData: BeforeData): Promise<SendOutcome> {
    const raw = withBcc(mail);
    if (raw === undefined) return BAD_RECIPIENT;
    const startsByMs = this.#clock.nowMs() + markBudgetMs(this.#clock);
    if (!(await beforeData())) return { kind: "abandoned" };
    // A worker that was frozen (the platform takes its CPU after a timeout) may wake after others took over its
    // message.
    if (this.#clock.nowMs() > startsByMs) return { kind: "not_sent", stage: "body", reason: "the mark took too long" };
    const [first, second] = submissionsFor(raw);
    const attempt = await this.#try(first, { mail, login, raw });
    return attempt.noSuchEndpoint ? (await this.#try(second, { mail, login, raw })).outcome : attempt.outcome;
  }

  async #try(
    submit: Submit,
    { mail, login, raw }: { readonly mail: OutgoingMail; readonly login: Login; readonly raw: Buffer },
  ): Promise<Attempt> {
    const timeoutMs = timeoutFor(this.#clock, UPLOAD_MS);
    const submission = submit({ gmail: this.#gmail, endpoint: this.#endpoint, login, timeoutMs, raw });
    try {
      return { outcome: toAccepted(mail, await submission.answer), noSuchEndpoint: false };
    } catch (error) {
      const outcome = this.#outcomeOf(error, submission.mayHaveArrived());
      return { outcome, noSuchEndpoint: outcome.kind === "refused" && NO_SUCH_ENDPOINT.includes(outcome.reply.code) };
    } finally {
      submission.end();
    }
  }

  #outcomeOf(error: unknown, mayHaveArrived: boolean): SendOutcome {
    const failure = failureOf(error, this.#clock.nowMs());
    if (failure.kind === "silent") {
      if (BEFORE_CONNECTION.test(failure.code)) {
        const stage = failure.code === "ENOTFOUND" || failure.code.startsWith("EAI_") ? "dns" : "tls";
        return { kind: "not_sent", stage, reason: failure.reason };
      }
      if (!mayHaveArrived) return { kind: "not_sent", stage: "body", reason: failure.reason };
      return { kind: "unknown", reason: failure.reason };
    }
    const { reply, reasons, retryAfterMs } = failure;
    if (reply.code >= 500 || reply.code < 400) return { kind: "unknown", reason: `HTTP ${reply.code}`, reply };
    const denied = reply.code === 401 || (reply.code === 403 && !isLimit(failure));
    return { kind: "refused", stage: denied ? "auth" : "body", reply, reasons, refused: [], retryAfterMs };
  }

  probe(login: Login, { thorough } = { thorough: false }): Promise<readonly ProbeStage[]> {
    return probeGmailApi({ clock: this.#clock, endpoint: this.#endpoint, gmail: this.#gmail }, login, thorough);
  }

  /** Nothing stays open between two sends. */
  async close(): Promise<void> {}
}
