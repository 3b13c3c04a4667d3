import type { Principal, SessionId } from "../domain/access/records.ts";
import type { Language } from "../domain/language.ts";
import type { Problem } from "../domain/problem.ts";

/** A request as handlers see it: already authenticated, body read and size-checked, nothing parsed twice. */
export interface Call {
  readonly method: string;
  /** Decoded pathname, without query. */
  readonly path: string;
  /** Path parameters of the matched route. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Buffer;
  /** Gives the body's room to others, for a handler that goes on for long without a reference to the body. */
  readonly bodyDone: () => void;
  /** The id in the cookie `__session`, proven or not; null where there is none. */
  readonly sessionId: SessionId | null;
  /** Who calls; only routes of access `public` may see null. */
  readonly principal: Principal | null;
  readonly requestId: string;
  /** By Accept-Language: French first for pages, English first for API answers. */
  readonly language: Language;
  /** Aborts when the caller has gone, or when this process is told to stop: what waits, answers with what there is. */
  readonly signal: AbortSignal;
}

/** What becomes of the cookie `__session`: the edge alone formats Set-Cookie. `maxAgeS`: seconds until the session's certain end. */
export type SessionChange = { readonly set: SessionId; readonly maxAgeS: number } | "clear";

export type Reply = ReplyContent & { readonly session?: SessionChange };

export type ReplyContent =
  | { readonly kind: "json"; readonly status: number; readonly body: unknown; readonly headers?: ReplyHeaders }
  | { readonly kind: "html"; readonly status: number; readonly html: string; readonly headers?: ReplyHeaders }
  | { readonly kind: "empty"; readonly status: number; readonly headers?: ReplyHeaders }
  | {
      readonly kind: "problem";
      readonly problem: Problem;
      readonly headers?: ReplyHeaders;
      /** On messages: what became of it. */
      readonly outcome?: "not_sent" | "unknown" | "sent";
    };
/** Set-Cookie is not among them: a reply changes the session by its `session` field. */
export type ReplyHeaders = Readonly<Record<string, string>>;

/**
 * Who may call a route. `public`: anyone (the handler decides). `people`: operators and members, by session or setup token.
 * `operators`: operators and the setup token. `programs`: those and keys and callers (the handler checks permissions and servers).
 * State-changing methods with a cookie are checked for CSRF by the edge on every access but `public`.
 */
export type RouteAccess = "public" | "people" | "operators" | "programs";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** URLPattern pathname, e.g. `/v1/mail-servers/:id/test`. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly handle: (call: Call) => Promise<Reply>;
  /**
   * A GET that changes something, as OAuth's redirects do: HEAD, which must not (RFC 9110 §9.2.1), is refused, and a speculative request
   * (prefetch, prerender) is answered 204 without effect.
   */
  readonly unsafe?: true;
  /** A browser that comes on another host than `RELAIS_PUBLIC_URL`'s is sent to that one, before anything is read or set. */
  readonly onPublicHost?: true;
  /** The largest body, in bytes; absent: 1 MiB. */
  readonly bodyLimit?: number;
  /** What of the caller alone forbids the request, judged before its body is read. */
  readonly forbids?: (principal: Principal) => Problem | null;
  /** Answered where the request is larger than `bodyLimit`; absent: `request_too_large`. */
  readonly tooLarge?: Reply;
}
