import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionActor } from "../../functions/domain/access/records.ts";
import { startSession } from "../../functions/domain/access/sessions.ts";
import { compose, openEmbedded } from "../../functions/runtime/compose.ts";
import { loadConfig } from "../../functions/runtime/config.ts";
import type { Environment } from "../../functions/runtime/config-error.ts";
import type { Route } from "../../functions/runtime/http.ts";
import { serveHttp } from "../../functions/runtime/http-edge.ts";
import { systemRandom } from "../../functions/runtime/randomness.ts";
import type { System } from "../../functions/runtime/system.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";
import { accountOf } from "./account.ts";
import { refusedByDescription, undescribed } from "./api-description.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined if there is none. */
  readonly body: unknown;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes requests with a caller's credentials, and throws if an answer is not as the API's description says. */
export type Caller = (method: string, path: string, options?: RequestOptions) => Promise<Answer>;

export interface Api {
  readonly system: System;
  readonly origin: string;
  readonly logLines: readonly string[];
  /** Sends no credential at all. */
  readonly nobody: Caller;
  /** Sends the setup token as a bearer credential. */
  readonly setup: Caller;
  bearer(credential: string): Caller;
  /** A browser signed in with Google as that address, on our own pages. */
  person(email: string): Promise<Caller>;
  close(): Promise<void>;
}

export const SETUP_TOKEN = "setup-token-for-tests-0123456789abcdef";

/** JSON is parsed; a page or a mail stays text. */
const bodyIn = (response: Response, text: string): unknown => {
  if (text === "") return undefined;
  return response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
};

const callerAt =
  (origin: string, credentials: Readonly<Record<string, string>>): Caller =>
  async (method, path, { body, headers = {} } = {}) => {
    const raw = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...credentials, ...headers },
      ...(body === undefined ? {} : { body: raw }),
    });
    const text = await response.text();
    const type = response.headers.get("content-type")?.split(";")[0] ?? null;
    const { pathname } = new URL(path, origin);
    const fault = undescribed(method, pathname, { status: response.status, type, body: bodyIn(response, text) });
    const taken = response.ok && typeof body === "object" ? refusedByDescription(method, pathname, body) : null;
    if (fault !== null || taken !== null) throw new Error(fault ?? taken ?? "");
    return { status: response.status, headers: response.headers, body: bodyIn(response, text) };
  };

/** Starts one function's routes behind the real edge, on a real socket and with a store of its own. */
export const startApi = async (
  routes: (system: System) => readonly Route[],
  environment: Environment = {},
  change: (system: System) => Partial<System> = () => ({}),
): Promise<Api> => {
  const dataDir = await mkdtemp(join(tmpdir(), "relais-api-"));
  const config = loadConfig({
    RELAIS_DATA_DIR: dataDir,
    RELAIS_PUBLIC_URL: "https://relais.example.com",
    RELAIS_SETUP_TOKEN: SETUP_TOKEN,
    RELAIS_OPERATORS: "olga@example.com",
    RELAIS_MEMBERS: "@example.com",
    ...environment,
  });
  const embedded = openEmbedded({ config, clock: systemClock(config.timeScale), random: systemRandom });
  const logLines: string[] = [];
  const composed = compose(config, { component: "test", embedded, write: (line) => logLines.push(line) });
  const system = { ...composed, ...change(composed) };
  // Longer than any pause of a test, even on a busy machine: a connection closed meanwhile says nothing about Relais.
  const server = createServer({ keepAliveTimeout: 300_000 }, serveHttp(routes(system), system)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const person = async (email: string): Promise<Caller> => {
    const actor: SessionActor = { kind: "google", ...accountOf(email), sub: randomBytes(8).toString("hex") };
    const { id } = await startSession(system, actor, null);
    return callerAt(origin, { Cookie: `__session=${id}`, "Sec-Fetch-Site": "same-origin" });
  };
  const bearer = (credential: string) => callerAt(origin, { Authorization: `Bearer ${credential}` });
  return {
    system,
    origin,
    logLines,
    nobody: callerAt(origin, {}),
    setup: bearer(SETUP_TOKEN),
    bearer,
    person,
    close: async () => {
      server.closeAllConnections();
      server.close();
      (await embedded()).close();
      await rm(dataDir, { recursive: true });
    },
  };
};
