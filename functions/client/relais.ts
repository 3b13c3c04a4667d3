import type { MailServer, Session } from "./api-types.ts";
import { type Listing, listing, type Page } from "./listing.ts";
import { Messages } from "./messages.ts";
import { baseUrlOf } from "./origin.ts";
import { queryOf } from "./query.ts";
import { realPace } from "./repetition.ts";
import { type CallOptions, createRequests, type Requests } from "./requests.ts";
import { VERSION } from "./version.ts";

export interface RelaisOptions {
  /** Where Relais is, such as `https://relais.example.com`. Plain http is taken on loopback only. */
  readonly url: string | URL;
  /** An API key (`rk_…`), or what gives a Google-signed ID token for each request. */
  readonly key: string | (() => string | Promise<string>);
  /** How long one request may take, with the reading of its answer: 60 seconds, as long as Relais itself may take. */
  readonly timeoutMs?: number;
  /** How often a request that found no answer is repeated: 4 times. */
  readonly repetitions?: number;
  /** What to send requests with, if not the global `fetch`. */
  readonly fetch?: typeof fetch;
}

export interface MailServerFilter {
  /** The size of a page, 50 by default and 200 at most. */
  readonly limit?: number;
  /** Where to go on: the `next` of an earlier page. */
  readonly cursor?: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_REPETITIONS = 4;

class MailServers {
  readonly #request: Requests;

  /** @internal */
  constructor(request: Requests) {
    this.#request = request;
  }

  /** The mail servers that the key may use; it must have `read`. Pages are as in `messages.list`. */
  list(filter: MailServerFilter = {}, { signal }: CallOptions = {}): Listing<MailServer> {
    return listing(async (cursor) => {
      const query = queryOf({ ...filter, ...(cursor === undefined ? {} : { cursor }) });
      return (await this.#request<Page<MailServer>>({ method: "GET", path: "/v1/mail-servers", query, signal })).body;
    });
  }
}

const keyOf = (key: RelaisOptions["key"]): (() => string | Promise<string>) => {
  if (typeof key === "function") return key;
  // A header refuses control characters with a message that shows the value.
  if (typeof key !== "string" || !/^[\x21-\x7e]+$/.test(key)) {
    throw new TypeError("relais-client: key is an API key (rk_…) or a function that returns a token");
  }
  return () => key;
};

/** A client of one Relais. It holds no connection and needs no end. */
export class Relais {
  readonly messages: Messages;
  readonly mailServers: MailServers;
  readonly #request: Requests;

  /** Throws a TypeError if the options cannot be meant so. */
  constructor(options: RelaisOptions) {
    const { url, key, timeoutMs = DEFAULT_TIMEOUT_MS, repetitions = DEFAULT_REPETITIONS } = options;
    this.#request = createRequests({
      baseUrl: baseUrlOf(url),
      key: keyOf(key),
      timeoutMs,
      repetitions,
      userAgent: `relais-client/${VERSION}`,
      // Looked up for each request, so that what instruments the global one later is used too.
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      pace: realPace,
    });
    this.messages = new Messages({ request: this.#request, pace: realPace, repetitions });
    this.mailServers = new MailServers(this.#request);
  }

  /** What the key may do; proves it without sending. */
  async session({ signal }: CallOptions = {}): Promise<Session> {
    return (await this.#request<Session>({ method: "GET", path: "/v1/session", signal })).body;
  }
}
