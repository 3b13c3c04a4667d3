import { lookup } from "node:dns";
import net from "node:net";
import tls from "node:tls";
import type { gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import type { Clock } from "../../domain/clock.ts";
import type { SmtpReply } from "../../domain/messages/message.ts";
import type { Login, ProbeStage } from "../../domain/messages/ports.ts";
import { VERIFIED_TLS } from "../http/verified-tls.ts";
import {
  type Failure as ApiFailure,
  failureOf,
  type GmailApiEndpoint,
  QUESTION_MS,
  requestOptions,
  timeoutFor,
} from "./gmail-request.ts";

interface ProbeDeps {
  readonly clock: Clock;
  readonly endpoint: GmailApiEndpoint;
  readonly gmail: gmail_v1.Gmail;
}

type Failure = { readonly reply: SmtpReply } | { readonly reason: string };

const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message;

const resolved = (host: string): Promise<Failure | null> =>
  new Promise((resolve) => {
    lookup(host, (error) => resolve(error === null ? null : { reason: codeOf(error) }));
  });

/** A connection and, on https, a handshake with the certificate checked; nothing is said over it. */
const connected = (url: URL): Promise<Failure | null> =>
  new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const secure = url.protocol === "https:";
    const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
    const name = net.isIP(host) === 0 ? { servername: host } : {};
    const socket = secure ? tls.connect({ host, port, ...name, ...VERIFIED_TLS }) : net.connect({ host, port });
    const end = (failure: Failure | null): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.once(secure ? "secureConnect" : "connect", () => end(null));
    socket.on("error", (error: NodeJS.ErrnoException) => end({ reason: codeOf(error) }));
  });

/** What a call was answered with; null: success. */
const answerTo = async (deps: ProbeDeps, call: () => Promise<unknown>): Promise<ApiFailure | null> => {
  try {
    await call();
    return null;
  } catch (error) {
    return failureOf(error, deps.clock.nowMs());
  }
};

/** Gmail refuses the token itself (401), or cannot say now. */
const isRefusal = ({ reply: { code } }: Extract<ApiFailure, { kind: "answered" }>): boolean =>
  code === 401 || code === 429 || code >= 500;

/**
 * Reading the profile asks nothing but a token that Gmail knows: whatever it answers but 401 says that it knows it. A 403 has two meanings, though:
 * the scope `gmail.send` does not allow this call (nor any other but `send`), or the API is not enabled in the project. A send of nothing, a body
 * without `raw`, tells them apart: where `send` is allowed Gmail finds nothing to send (400), and no mail can come of it.
 */
const authorised = async (deps: ProbeDeps, login: Login): Promise<Failure | null> => {
  const options = requestOptions(deps.endpoint, login, timeoutFor(deps.clock, QUESTION_MS));
  const read = await answerTo(deps, () => deps.gmail.users.getProfile({ userId: "me" }, options));
  if (read?.kind === "silent") return { reason: read.reason };
  if (read?.reply.code !== 403) return read !== null && isRefusal(read) ? { reply: read.reply } : null;
  const sent = await answerTo(deps, () => deps.gmail.users.messages.send({ userId: "me", requestBody: {} }, options));
  if (sent?.kind === "silent") return { reason: sent.reason };
  return sent !== null && (sent.reply.code === 403 || isRefusal(sent)) ? { reply: sent.reply } : null;
};

export const probeGmailApi = async (deps: ProbeDeps, login: Login): Promise<readonly ProbeStage[]> => {
  const url = new URL(deps.endpoint.rootUrl);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const steps: readonly (readonly [ProbeStage["stage"], () => Promise<Failure | null>])[] = [
    ["dns", () => resolved(host)],
    ["tls", () => connected(url)],
    ["auth", () => authorised(deps, login)],
  ];
  const stages: ProbeStage[] = [];
  for (const [stage, step] of steps) {
    const startedAtMs = deps.clock.nowMs();
    const waiting = new AbortController();
    const late = deps.clock
      .sleep(timeoutFor(deps.clock, QUESTION_MS), waiting.signal)
      .then((): Failure => ({ reason: "no answer in time" }));
    const failure = await Promise.race([step(), late]);
    waiting.abort();
    stages.push({ stage, ok: failure === null, ms: deps.clock.nowMs() - startedAtMs, ...failure });
    if (failure !== null) break;
  }
  return stages;
};
