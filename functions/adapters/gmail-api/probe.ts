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
  requestOptions,
  SMALL_REQUEST_MS,
  timeoutFor,
} from "./gmail-request.ts";

interface ProbeDeps {
  readonly clock: Clock;
  readonly endpoint: GmailApiEndpoint;
  readonly gmail: gmail_v1.Gmail;
}

type Failure = { readonly reply: SmtpReply; readonly reasons?: readonly string[] } | { readonly reason: string };

const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message;

const resolveName = (host: string): Promise<Failure | null> =>
  new Promise((resolve) => {
    lookup(host, (error) => resolve(error === null ? null : { reason: codeOf(error) }));
  });

/** Opens a connection and, on https, completes a handshake with a verified certificate; it sends nothing. */
const openConnection = (url: URL): Promise<Failure | null> =>
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

/** Returns the failure of a call, or null on success. */
const failureOfCall = async (deps: ProbeDeps, call: () => Promise<unknown>): Promise<ApiFailure | null> => {
  try {
    await call();
    return null;
  } catch (error) {
    return failureOf(error, deps.clock.nowMs());
  }
};

/** Gmail cannot answer now, or this account must not ask now. */
const isTemporary = ({ reply: { code } }: Answered): boolean => code === 429 || code >= 500;

/** Gmail refuses the sender, not the empty message (`reply-table.ts`). */
const isAboutAccount = ({ reply, reasons }: Answered): boolean =>
  classify({ transport: "gmail_api", stage: "body", reply, reasons }).meaning === "account";

const isRefusal = (failure: Answered): boolean => isTemporary(failure) || isAboutAccount(failure);

const toProbeFailure = ({ reply, reasons }: Answered): Failure => ({ reply, reasons });

/**
 * Any answer to reading the profile but a refusal of the account proves that Gmail knows the token. A 403 is ambiguous,
 * though: `gmail.send` does not allow this call, or the API is disabled in the project. A `send` without `raw` tells
 * them apart and cannot send anything: Gmail answers 400 if the account may send, and says why if it may not.
 */
const checkAuthorization = async (deps: ProbeDeps, login: Login, thorough: boolean): Promise<Failure | null> => {
  const options = requestOptions(deps.endpoint, login, timeoutFor(deps.clock, SMALL_REQUEST_MS));
  const read = await failureOfCall(deps, () => deps.gmail.users.getProfile({ userId: "me" }, options));
  if (read?.kind === "silent") return { reason: read.reason };
  const forbidden = read?.reply.code === 403;
  if (read !== null && !forbidden && isRefusal(read)) return toProbeFailure(read);
  if (!forbidden && !thorough) return null;
  const sent = await failureOfCall(deps, () =>
    deps.gmail.users.messages.send({ userId: "me", requestBody: {} }, options),
  );
  if (sent?.kind === "silent") return { reason: sent.reason };
  return sent !== null && isRefusal(sent) ? toProbeFailure(sent) : null;
};

/** `thorough`: Gmail has refused this account's mail before, so a valid token alone proves nothing. */
export const probeGmailApi = async (
  deps: ProbeDeps,
  login: Login,
  thorough: boolean,
): Promise<readonly ProbeStage[]> => {
  const url = new URL(deps.endpoint.rootUrl);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const steps: readonly (readonly [ProbeStage["stage"], () => Promise<Failure | null>])[] = [
    ["dns", () => resolveName(host)],
    ["tls", () => openConnection(url)],
    ["auth", () => checkAuthorization(deps, login, thorough)],
  ];
  const stages: ProbeStage[] = [];
  for (const [stage, step] of steps) {
    const startedAtMs = deps.clock.nowMs();
    const waiting = new AbortController();
    const late = deps.clock
      .sleep(timeoutFor(deps.clock, SMALL_REQUEST_MS), waiting.signal)
      .then((): Failure => ({ reason: "no answer in time" }));
    const failure = await Promise.race([step(), late]);
    waiting.abort();
    stages.push({ stage, ok: failure === null, ms: deps.clock.nowMs() - startedAtMs, ...failure });
    if (failure !== null) break;
  }
  return stages;
};
