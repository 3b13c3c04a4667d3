import type { Principal, SessionId } from "../domain/access/records.ts";
import type { Language } from "../domain/language.ts";
import type { Problem } from "../domain/problem.ts";

/** A request as handlers see it: authenticated, with its body read and its size checked; nothing is parsed twice. */
export interface Call {
  readonly method: string;
  /** The decoded pathname, without the query. */
  readonly path: string;
  /** Path parameters of the matched route. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Buffer;
  /** Frees the memory reserved for the body, for a handler that goes on for long without needing it. */
  readonly bodyDone: () => void;
  /** The id in the cookie `__session`, proven or not; null if there is none. */
  readonly sessionId: SessionId | null;
  /** The caller; null only on routes of access `public`. */
  readonly principal: Principal | null;
  readonly requestId: string;
  /** From Accept-Language; otherwise French for pages and English for API answers. */
  readonly language: Language;
  /** Aborts when the caller has gone or this process must stop; a waiting handler then answers with what it has. */
  readonly signal: AbortSignal;
}

/**
 * A change of the cookie `__session`; only the edge formats Set-Cookie. `maxAgeS`: seconds until the session surely
 * ends.
 */
export type SessionChange = { readonly set: SessionId; readonly maxAgeS: number } | "clear";

export type Reply = ReplyContent & { readonly session?: SessionChange };

export type ReplyContent =
  | { readonly kind: "json"; readonly status: number; readonly body: unknown; readonly headers?: ReplyHeaders }
  | { readonly kind: "html"; readonly status: number; readonly html: string; readonly headers?: ReplyHeaders }
  /** A file to save, never a page of our own origin. */
  | { readonly kind: "file"; readonly type: string; readonly name: string; readonly bytes: Buffer }
  | { readonly kind: "empty"; readonly status: number; readonly headers?: ReplyHeaders }
  | {
      readonly kind: "problem";
      readonly problem: Problem;
      readonly headers?: ReplyHeaders;
      /** For messages: what became of it. */
      readonly outcome?: "not_sent" | "unknown" | "sent";
    };
/** Never Set-Cookie: a reply changes the session by its `session` field. */
export type ReplyHeaders = Readonly<Record<string, string>>;

/**
 * Who may call a route. `public`: anyone (the handler decides). `people`: operators and members, by session or setup
 * token. `operators`: operators and the setup token. `programs`: those, plus keys and callers (the handler checks
 * permissions and servers). On all but `public`, the edge checks state-changing requests with a cookie for CSRF.
 */
export type RouteAccess = "public" | "people" | "operators" | "programs";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** A URLPattern pathname such as `/v1/mail-servers/:id/test`. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly handle: (call: Call) => Promise<Reply>;
  /**
   * Marks a GET that changes something, such as OAuth's redirects. HEAD, which must not change anything (RFC 9110
   * §9.2.1), is refused, and a speculative request (prefetch, prerender) gets a 204 without any effect.
   */
  readonly unsafe?: true;
  /** A browser on another host than `RELAIS_PUBLIC_URL`'s is redirected to that one before anything is read or set. */
  readonly onPublicHost?: true;
  /** The largest body in bytes; 1 MiB if absent. */
  readonly bodyLimit?: number;
  /** Whether the caller alone forbids the request; checked before the body is read. */
  readonly forbids?: (principal: Principal) => Problem | null;
  /** The answer to a request larger than `bodyLimit`; `request_too_large` if absent. */
  readonly tooLarge?: Reply;
}
