import { lookup } from "node:dns";
import net from "node:net";
import tls from "node:tls";
import type { gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import type { Clock } from "../../domain/clock.ts";
import type { SmtpReply } from "../../domain/messages/message.ts";
import type { Login, ProbeStage } from "../../domain/messages/ports.ts";
import { failureOf, type GmailApiEndpoint, QUESTION_MS, requestOptions, timeoutFor } from "./gmail-request.ts";

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
    const socket = secure ? tls.connect({ host, port, ...name }) : net.connect({ host, port });
    const end = (failure: Failure | null): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.once(secure ? "secureConnect" : "connect", () => end(null));
    socket.on("error", (error: NodeJS.ErrnoException) => end({ reason: codeOf(error) }));
  });

/**
 * The scope `gmail.send` allows no call but `send` itself (`getProfile` and `settings` want more). So the proof is a send of nothing: a body without
 * `raw`. Gmail checks token and scope first (401, 403), then finds nothing to send (400): that 400 is the good answer, and no mail can come of it.
 */
const authorised = async (deps: ProbeDeps, login: Login): Promise<Failure | null> => {
  try {
    const options = requestOptions(login, timeoutFor(deps.clock, QUESTION_MS));
    await deps.gmail.users.messages.send({ userId: "me", requestBody: {} }, options);
    return { reason: "Gmail took a message without content" };
  } catch (error) {
    const failure = failureOf(error, deps.clock.nowMs());
    if (failure.kind === "silent") return { reason: failure.reason };
    return failure.reply.code === 400 ? null : { reply: failure.reply };
  }
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
