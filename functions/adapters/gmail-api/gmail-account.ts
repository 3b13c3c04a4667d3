import type { gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import type { Clock } from "../../domain/clock.ts";
import type { GmailAccount, SentMailLookup } from "../../domain/google/accounts.ts";
import type { Login } from "../../domain/google/transports.ts";
import {
  failureOf,
  type GmailApiEndpoint,
  gmailClient,
  isLimit,
  requestOptions,
  SMALL_REQUEST_MS,
  timeoutFor,
} from "./gmail-request.ts";
import { sendAsAddresses } from "./send-as-addresses.ts";

/** Gmail always answers 403 if the scopes do not allow a call; any other failure may be temporary. */
const refusalOf = (error: unknown, nowMs: number): "forbidden" | "unavailable" => {
  const failure = failureOf(error, nowMs);
  return failure.kind === "answered" && failure.reply.code === 403 && !isLimit(failure) ? "forbidden" : "unavailable";
};

/** Reads what the granted scopes let us see of the account; `https://mail.google.com/` allows both methods. */
export class GmailApiAccount implements GmailAccount {
  readonly #clock: Clock;
  readonly #endpoint: GmailApiEndpoint;
  readonly #gmail: gmail_v1.Gmail = gmailClient();

  constructor(clock: Clock, endpoint: GmailApiEndpoint) {
    this.#clock = clock;
    this.#endpoint = endpoint;
  }

  async findSent(login: Login, messageId: string): Promise<SentMailLookup> {
    const bare = messageId.replace(/^<|>$/g, "");
    const options = requestOptions(this.#endpoint, login, timeoutFor(this.#clock, SMALL_REQUEST_MS));
    try {
      const q = `in:sent rfc822msgid:${bare}`;
      const answer = await this.#gmail.users.messages.list({ userId: "me", q, maxResults: 1 }, options);
      return (answer.data.messages ?? []).length > 0 ? "found" : "not_found";
    } catch (error) {
      return refusalOf(error, this.#clock.nowMs());
    }
  }

  async sendAs(login: Login): Promise<readonly string[] | "forbidden" | "unavailable"> {
    const options = requestOptions(this.#endpoint, login, timeoutFor(this.#clock, SMALL_REQUEST_MS));
    try {
      const answer = await this.#gmail.users.settings.sendAs.list({ userId: "me" }, options);
      return sendAsAddresses(login.username, answer.data.sendAs ?? []);
    } catch (error) {
      return refusalOf(error, this.#clock.nowMs());
    }
  }
}
