import { lookup } from "node:dns";
import net from "node:net";
import tls from "node:tls";
import type { gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import type { Clock } from "../../domain/clock.ts";
import type { SmtpReply } from "../../domain/google/replies.ts";
import { classify } from "../../domain/google/reply-table.ts";
import type { Login, ProbeStage } from "../../domain/google/transports.ts";
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

type Failure = { readonly reply: SmtpReply; readonly reasons?: readonly string[] } | { readonly reason: string };

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

type Answered = Extract<ApiFailure, { readonly kind: "answered" }>;

/** What a call was answered with; null: success. */
const answerTo = async (deps: ProbeDeps, call: () => Promise<unknown>): Promise<ApiFailure | null> => {
  try {
    await call();
    return null;
  } catch (error) {
    return failureOf(error, deps.clock.nowMs());
  }
};

/** Gmail cannot say now, or does not let the account ask for now. */
const passesByItself = ({ reply: { code } }: Answered): boolean => code === 429 || code >= 500;

/** It is not the empty mail that is refused, but whoever sends it (`reply-table.ts`). */
const speaksOfAccount = ({ reply, reasons }: Answered): boolean =>
  classify({ transport: "gmail_api", stage: "body", reply, reasons }).verdict === "account";

const isRefusal = (failure: Answered): boolean => passesByItself(failure) || speaksOfAccount(failure);

const failureOfProbe = ({ reply, reasons }: Answered): Failure => ({ reply, reasons });

/**
 * Reading the profile asks for nothing but a token that Gmail knows: any answer but a refusal of the account says that it does. A 403 has several meanings,
 * though: the scope `gmail.send` does not allow this call, or the API is not enabled in the project. Sending nothing, a body without `raw`, tells them apart:
 * if the account may send, Gmail finds nothing to send (400), and no mail can come of it; else it says why not.
 */
const authorised = async (deps: ProbeDeps, login: Login, thorough: boolean): Promise<Failure | null> => {
  const options = requestOptions(deps.endpoint, login, timeoutFor(deps.clock, QUESTION_MS));
  const read = await answerTo(deps, () => deps.gmail.users.getProfile({ userId: "me" }, options));
  if (read?.kind === "silent") return { reason: read.reason };
  const forbidden = read?.reply.code === 403;
  if (read !== null && !forbidden && isRefusal(read)) return failureOfProbe(read);
  if (!forbidden && !thorough) return null;
  const sent = await answerTo(deps, () => deps.gmail.users.messages.send({ userId: "me", requestBody: {} }, options));
  if (sent?.kind === "silent") return { reason: sent.reason };
  return sent !== null && isRefusal(sent) ? failureOfProbe(sent) : null;
};

/** `thorough`: Gmail has refused the account's mail before, so that a known token alone proves nothing. */
export const probeGmailApi = async (
  deps: ProbeDeps,
  login: Login,
  thorough: boolean,
): Promise<readonly ProbeStage[]> => {
  const url = new URL(deps.endpoint.rootUrl);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const steps: readonly (readonly [ProbeStage["stage"], () => Promise<Failure | null>])[] = [
    ["dns", () => resolved(host)],
    ["tls", () => connected(url)],
    ["auth", () => authorised(deps, login, thorough)],
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
