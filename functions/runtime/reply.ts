import type { ServerResponse } from "node:http";
import type { Language } from "../domain/language.ts";
import type { Reply, SessionChange } from "./http.ts";
import { defectBody, problemBody, problemHeaders } from "./problem-json.ts";

export interface ReplyContext {
  readonly requestId: string;
  readonly language: Language;
  /** Relais is reached over https, so cookies are `Secure` and HSTS is sent. */
  readonly https: boolean;
  /** The answer to HEAD has the headers of GET and no body. */
  readonly head: boolean;
}

/** Two years, as hstspreload.org asks for. */
const HSTS = "max-age=63072000; includeSubDomains";
/** Pages use our own styles and images, no scripts, and forms that post to us. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

const securityHeaders = (context: ReplyContext, html: boolean): Record<string, string> => ({
  "Cache-Control": "private, no-store",
  "Content-Security-Policy": html ? PAGE_POLICY : DATA_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "X-Request-Id": context.requestId,
  ...(context.https ? { "Strict-Transport-Security": HSTS } : {}),
});

/**
 * `__session`, the only cookie that Firebase Hosting passes on. It has no `Domain`, so it is for this host only. It is
 * `Lax` because the return from Google is a cross-site navigation and must bring it.
 */
export const sessionCookie = (change: SessionChange, https: boolean): string => {
  const [value, maxAgeS] = change === "clear" ? ["", 0] : [change.set, Math.max(0, Math.floor(change.maxAgeS))];
  return `__session=${value}; Max-Age=${maxAgeS}; Path=/; HttpOnly; SameSite=Lax${https ? "; Secure" : ""}`;
};

const JSON_TYPE = "application/json; charset=utf-8";
const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

interface Rendered {
  readonly status: number;
  readonly type: string | null;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const render = (reply: Reply, context: ReplyContext): Rendered => {
  const headers = ("headers" in reply ? reply.headers : undefined) ?? {};
  switch (reply.kind) {
    case "json":
      return { status: reply.status, type: JSON_TYPE, body: JSON.stringify(reply.body), headers };
    case "html":
      return { status: reply.status, type: "text/html; charset=utf-8", body: reply.html, headers };
    case "file":
      return {
        status: 200,
        type: reply.type,
        body: reply.bytes,
        headers: {
          "Content-Disposition": `attachment; filename="${reply.name}"`,
          "Cross-Origin-Resource-Policy": "same-origin",
        },
      };
    case "empty":
      return { status: reply.status, type: null, body: "", headers };
    case "problem": {
      const body = problemBody(reply.problem, context, reply.outcome);
      const all = { ...problemHeaders(reply.problem), ...headers };
      return { status: body.status, type: PROBLEM_TYPE, body: JSON.stringify(body), headers: all };
    }
  }
};

const write = (res: ServerResponse, rendered: Rendered, context: ReplyContext, cookie: string | null): void => {
  // An edge whose time was up has already answered, or the caller has gone.
  if (res.headersSent || res.destroyed) return;
  const { status, type, body, headers } = rendered;
  // RFC 9110 §8.6: no Content-Length on 204.
  const length = status === 204 || status === 304 ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  res.writeHead(status, {
    ...securityHeaders(context, type?.startsWith("text/html") ?? false),
    ...(type ? { "Content-Type": type } : {}),
    ...(type !== null ? { "Content-Language": context.language } : {}),
    ...length,
    ...headers,
    ...(cookie ? { "Set-Cookie": cookie } : {}),
  });
  res.end(context.head ? undefined : body);
};

export const writeReply = (res: ServerResponse, reply: Reply, context: ReplyContext): void =>
  write(res, render(reply, context), context, reply.session ? sessionCookie(reply.session, context.https) : null);

/** Answers a defect without revealing its details. */
export const writeDefect = (res: ServerResponse, context: ReplyContext): void => {
  const body = JSON.stringify(defectBody(context));
  write(res, { status: 500, type: PROBLEM_TYPE, body, headers: {} }, context, null);
};
