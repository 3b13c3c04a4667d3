import type { gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import type { Clock } from "../../domain/clock.ts";
import type { GmailAccount, SentMailLookup, WantedCopy } from "../../domain/google/accounts.ts";
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

/** Not found, not allowed, not implemented: asking again gets no other answer. */
const isNotOffered = (error: unknown, nowMs: number): boolean => {
  const failure = failureOf(error, nowMs);
  return failure.kind === "answered" && [404, 405, 501].includes(failure.reply.code);
};

/** Gmail always answers 403 if the scopes do not allow a call; any other failure may be temporary. */
const refusalOf = (error: unknown, nowMs: number): "forbidden" | "unavailable" => {
  const failure = failureOf(error, nowMs);
  return failure.kind === "answered" && failure.reply.code === 403 && !isLimit(failure) ? "forbidden" : "unavailable";
};

const isTokenRefused = (error: unknown, nowMs: number): boolean => {
  const failure = failureOf(error, nowMs);
  return failure.kind === "answered" && failure.reply.code === 401;
};

/** Programs choose their own ids. One with blanks, quotes or brackets would say something else in a search. */
const SEARCHABLE = /^[!#$%&'*+,./0-9:;=?@A-Z[\\\]^_`a-z|~-]+$/;
/** Copies with one id that are looked at, the newest first. */
const MOST_COPIES = 10;

/** Reads what the granted scopes let us see of the account; `https://mail.google.com/` allows both methods. */
export class GmailApiAccount implements GmailAccount {
  readonly #clock: Clock;
  readonly #endpoint: GmailApiEndpoint;
  readonly #gmail: gmail_v1.Gmail = gmailClient();

  constructor(clock: Clock, endpoint: GmailApiEndpoint) {
    this.#clock = clock;
    this.#endpoint = endpoint;
  }

  async findSent(login: Login, { messageId, sinceMs }: WantedCopy): Promise<SentMailLookup> {
    const bare = messageId.replace(/^<|>$/g, "");
    if (!SEARCHABLE.test(bare)) return "unsearchable";
    const options = requestOptions(this.#endpoint, login, timeoutFor(this.#clock, SMALL_REQUEST_MS));
    try {
      const q = `in:sent rfc822msgid:${bare}`;
      const { messages } = this.#gmail.users;
      const { data } = await messages.list({ userId: "me", q, maxResults: MOST_COPIES }, options);
      for (const { id } of data.messages ?? []) {
        if (sinceMs === null) return "found";
        const atMs = await this.#receivedAtMs(id ?? "", options);
        // There is a copy, and nothing says that it is too old.
        if (atMs === null || atMs >= sinceMs) return "found";
      }
      return "not_found";
    } catch (error) {
      if (isNotOffered(error, this.#clock.nowMs())) return "forbidden";
      return isTokenRefused(error, this.#clock.nowMs()) ? "token_refused" : refusalOf(error, this.#clock.nowMs());
    }
  }

  /** When Gmail received a mail; null if it does not tell. Throws what may be different later. */
  async #receivedAtMs(id: string, options: ReturnType<typeof requestOptions>): Promise<number | null> {
    try {
      const { data } = await this.#gmail.users.messages.get({ userId: "me", id, format: "minimal" }, options);
      const atMs = Number(data.internalDate ?? Number.NaN);
      return Number.isFinite(atMs) ? atMs : null;
    } catch (error) {
      if (isNotOffered(error, this.#clock.nowMs())) return null;
      throw error;
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
