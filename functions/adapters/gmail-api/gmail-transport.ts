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
import { type Handed, type Way, waysFor } from "./handing-over.ts";
import { probeGmailApi } from "./probe.ts";
import { withBcc } from "./with-bcc.ts";

/** Failures of the connection itself: no byte of the request can have been read by Gmail. */
const BEFORE_CONNECTION =
  /^(ENOTFOUND|EAI_|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/** Gmail itself never answers a send so. */
const NO_SUCH_ADDRESS: readonly number[] = [404, 405];

const BAD_RECIPIENT: SendOutcome = {
  kind: "refused",
  stage: "body",
  reply: { code: 400, enhanced: null, response: "a recipient's address cannot stand in a header" },
  refused: [],
  retryAfterMs: null,
};

type Tried = {
  readonly outcome: SendOutcome /** There is no such address: nobody has had the message. */;
  readonly noSuchAddress: boolean;
};

const accepted = (mail: OutgoingMail, answer: Awaited<Handed["answer"]>): SendOutcome => ({
  kind: "accepted",
  accepted: mail.envelope.to,
  refused: [],
  reply: { code: answer.status, enhanced: null, response: "OK" },
  providerId: answer.data.id ?? null,
});

/**
 * `users.messages.send`, in the way that fits the size (`handing-over.ts`).
 *
 * Gmail takes no idempotency key. So: a refusal (4xx) was not sent; 5xx, a time-out or a loss once the body was handed over may have been.
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
    // A worker that was frozen (the platform takes the CPU away after a time-out) may wake long after others took its message for abandoned.
    if (this.#clock.nowMs() > startsByMs) return { kind: "not_sent", stage: "body", reason: "the mark took too long" };
    const [first, second] = waysFor(raw);
    const tried = await this.#try(first, { mail, login, raw });
    return tried.noSuchAddress ? (await this.#try(second, { mail, login, raw })).outcome : tried.outcome;
  }

  async #try(
    way: Way,
    { mail, login, raw }: { readonly mail: OutgoingMail; readonly login: Login; readonly raw: Buffer },
  ): Promise<Tried> {
    const timeoutMs = timeoutFor(this.#clock, UPLOAD_MS);
    const handed = way({ gmail: this.#gmail, endpoint: this.#endpoint, login, timeoutMs, raw });
    try {
      return { outcome: accepted(mail, await handed.answer), noSuchAddress: false };
    } catch (error) {
      const outcome = this.#outcomeOf(error, handed.handedOver());
      return { outcome, noSuchAddress: outcome.kind === "refused" && NO_SUCH_ADDRESS.includes(outcome.reply.code) };
    } finally {
      handed.end();
    }
  }

  #outcomeOf(error: unknown, handedOver: boolean): SendOutcome {
    const failure = failureOf(error, this.#clock.nowMs());
    if (failure.kind === "silent") {
      if (BEFORE_CONNECTION.test(failure.code)) {
        const stage = failure.code === "ENOTFOUND" || failure.code.startsWith("EAI_") ? "dns" : "tls";
        return { kind: "not_sent", stage, reason: failure.reason };
      }
      if (!handedOver) return { kind: "not_sent", stage: "body", reason: failure.reason };
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

  /** Nothing is kept open between two sends. */
  async close(): Promise<void> {}
}
