import { type IncomingMessage, type RequestListener, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Problem } from "../../domain/problem.ts";
import { newId } from "../../domain/randomness.ts";
import type { Reply } from "../http.ts";
import { chooseLanguage } from "../language.ts";
import { problemBody, problemHeaders } from "../problem-json.ts";
import { systemRandom } from "../randomness.ts";
import { writeReply } from "../reply.ts";
import { requestTrace } from "../trace.ts";

// Requests that never reach a function are refused in the same form as functions do (RFC 9457).

/** Answers a request in place of the functions; `https` says how browsers reach us. */
export const replyTo = (req: IncomingMessage, res: ServerResponse, reply: Reply, https = false): void => {
  const { requestId } = requestTrace(req.headers, systemRandom);
  const language = chooseLanguage(req.headers["accept-language"], "en");
  writeReply(res, reply, { requestId, language, https, head: req.method === "HEAD" });
};

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** HTTP/1.1 requires a Host, and no request may have two (RFC 9112 §3.2): Node would take the first. */
export const requireHost =
  (listener: RequestListener): RequestListener =>
  (req, res) => {
    const hosts = req.headersDistinct.host?.length ?? 0;
    return hosts > 1 || (hosts === 0 && req.httpVersion === "1.1")
      ? replyTo(req, res, { kind: "problem", problem: { code: "malformed_request" } })
      : listener(req, res);
  };

/** What Node's server says of a request that it gives to no listener. */
const problemOf = ({ code }: Error & { readonly code?: string }): Problem => {
  if (code === "HPE_INVALID_METHOD") return { code: "method_not_allowed", allow: METHODS };
  if (code === "HPE_HEADER_OVERFLOW") return { code: "headers_too_large" };
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return { code: "request_timeout" };
  return { code: "malformed_request" };
};

/** Handles Node's `clientError`: its parser rejected the request, so only the socket is left to answer on. */
export const refuseUnparsable = (error: Error, socket: Socket): void => refuseBySocket(socket, problemOf(error));

/** Handles Node's `connect`: Relais is no proxy. */
export const refuseTunnel = (_req: IncomingMessage, socket: Duplex): void =>
  refuseBySocket(socket, { code: "method_not_allowed", allow: METHODS });

const refuseBySocket = (socket: Duplex, problem: Problem): void => {
  if (!socket.writable) return void socket.destroy();
  const body = problemBody(problem, { requestId: newId(systemRandom, "req"), language: "en" });
  const text = JSON.stringify(body);
  const headers = {
    "Content-Type": "application/problem+json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "private, no-store",
    Connection: "close",
    ...problemHeaders(problem),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${body.status} ${STATUS_CODES[body.status] ?? ""}\r\n${lines.join("")}\r\n${text}`);
};
