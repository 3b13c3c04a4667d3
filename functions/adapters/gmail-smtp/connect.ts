import { type LookupAddress, lookup } from "node:dns";
import net from "node:net";
import tls from "node:tls";
import type { Clock } from "../../domain/clock.ts";
import { VERIFIED_TLS } from "../http/verified-tls.ts";
import { errorText } from "./stream.ts";

export interface SmtpEndpoint {
  readonly host: string;
  readonly port: number;
  /** `tls`: encrypted from the first byte (RFC 8314). `starttls`: upgraded before we send anything else (RFC 3207). */
  readonly security: "tls" | "starttls";
  /** PEM text of the authorities to trust instead of the system's; null means the system's. */
  readonly ca: string | null;
}

export type ConnectOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly stage: "dns" | "tls"; readonly reason: string };

/** Resolves to undefined when the time is up; a later result of `work` is dropped. */
const raceWithTimeout = async <T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T | undefined> => {
  const waiting = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(timeoutMs, waiting.signal).then(() => undefined)]);
  } finally {
    waiting.abort();
  }
};

/** Resolves the name alone, so that "no such host" and "cannot connect" can be told apart. */
export const resolveHost = async (
  clock: Clock,
  host: string,
  timeoutMs: number,
): Promise<ConnectOutcome<readonly LookupAddress[]>> => {
  const answer = await raceWithTimeout(
    clock,
    timeoutMs,
    new Promise<readonly LookupAddress[] | Error>((resolve) => {
      lookup(host, { all: true }, (error, addresses) => resolve(error ?? addresses));
    }),
  );
  if (answer === undefined) return { ok: false, stage: "dns", reason: `no answer within ${timeoutMs} ms` };
  if (answer instanceof Error) return { ok: false, stage: "dns", reason: errorText(answer) };
  if (answer.length === 0) return { ok: false, stage: "dns", reason: "the name has no address" };
  return { ok: true, value: answer };
};

/** `servername` is both the SNI (which a bare address must not have) and the name that the certificate must match. */
const tlsOptions = (endpoint: SmtpEndpoint): tls.ConnectionOptions => ({
  host: endpoint.host,
  ...VERIFIED_TLS,
  ...(net.isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {}),
  ...(endpoint.ca === null ? {} : { ca: endpoint.ca }),
});

const waitUntilOpen = async (
  clock: Clock,
  timeoutMs: number,
  attempt: { readonly socket: net.Socket; readonly event: "connect" | "secureConnect" },
): Promise<ConnectOutcome<net.Socket>> => {
  const { socket, event } = attempt;
  const outcome = await raceWithTimeout(
    clock,
    timeoutMs,
    new Promise<"open" | Error>((resolve) => {
      socket.once(event, () => resolve("open"));
      socket.once("error", resolve);
      socket.once("close", () => resolve(new Error("the server closed the connection")));
    }),
  );
  if (outcome === "open") {
    socket.setNoDelay(true);
    return { ok: true, value: socket };
  }
  // An abandoned socket may still fail; without a listener that would be an uncaught exception.
  socket.on("error", () => undefined);
  socket.destroy();
  const reason = outcome === undefined ? `no connection within ${timeoutMs} ms` : errorText(outcome);
  return { ok: false, stage: "tls", reason };
};

/** Tries the resolved addresses in turn (RFC 8305); under `tls`, it resolves once the handshake is done. */
export const connectSocket = (
  clock: Clock,
  endpoint: SmtpEndpoint,
  options: { readonly addresses: readonly LookupAddress[]; readonly timeoutMs: number },
): Promise<ConnectOutcome<net.Socket>> => {
  const useResolved: net.LookupFunction = (_host, wanted, callback) => {
    const first = options.addresses[0];
    if (wanted.all === true || first === undefined) callback(null, [...options.addresses]);
    else callback(null, first.address, first.family);
  };
  const target = { host: endpoint.host, port: endpoint.port, lookup: useResolved };
  if (endpoint.security === "starttls") {
    return waitUntilOpen(clock, options.timeoutMs, { socket: net.connect(target), event: "connect" });
  }
  const socket = tls.connect({ ...tlsOptions(endpoint), ...target });
  return waitUntilOpen(clock, options.timeoutMs, { socket, event: "secureConnect" });
};

/** Runs the TLS handshake over a connection that has spoken plain text so far. */
export const upgradeSocket = (
  clock: Clock,
  endpoint: SmtpEndpoint,
  options: { readonly socket: net.Socket; readonly timeoutMs: number },
): Promise<ConnectOutcome<net.Socket>> => {
  const socket = tls.connect({ ...tlsOptions(endpoint), socket: options.socket });
  return waitUntilOpen(clock, options.timeoutMs, { socket, event: "secureConnect" });
};
