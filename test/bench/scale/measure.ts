// A process of its own for each size, started by `scale.ts`: prints what it measured as JSON.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../../functions/domain/secret.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { routes as mailServers } from "../../../functions/runtime/handlers/mail-servers.ts";
import { onPush as refreshTokens } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import { routes as sendMail } from "../../../functions/runtime/handlers/send-mail.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { push } from "../../builders/due-servers.ts";
import { SETUP_TOKEN, serveRoutes } from "../../builders/edge.ts";
import { testStore } from "../../builders/store.ts";
import type { Asked, Size } from "../page/scale.ts";
import { quantile } from "../statistics.ts";
import { fillStore, recipientAt, serverIdAt, subjectAt } from "./installation.ts";

const messages = Number(process.argv[2]);
const directory = mkdtempSync(join(tmpdir(), "relais-scale-"));
const path = join(directory, "relais.sqlite");
const clock = systemClock();

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

const filledFromMs = cpuMs();
fillStore(path, messages, clock.nowMs());
const openedFromMs = cpuMs();
const store = testStore(clock, path);
const openedMs = cpuMs() - openedFromMs;

const log = { info: () => undefined, warn: () => undefined, error: (code: string) => console.error(code) };
const config = { ...loadConfig({}), setupToken: new Secret(SETUP_TOKEN) };
let published = 0;
const publish = async (): Promise<void> => {
  published += 1;
};
const composed = compose(config, { component: "scale", log, embedded: async () => store });
const system: System = { ...composed, publisher: { publish } };
const { origin, close } = await serveRoutes([...mailServers(system), ...sendMail(system)], system);

const asked: Asked[] = [];
/** Does something so many times, after one that does not count; `per` counts what one time was for. */
const time = async (what: string, times: number, act: (at: number) => Promise<unknown>): Promise<void> => {
  await act(0);
  const took: number[] = [];
  const beforeMs = cpuMs();
  for (let at = 1; at <= times; at += 1) {
    const fromMs = performance.now();
    await act(at);
    took.push(performance.now() - fromMs);
  }
  asked.push({ what, times, p95Ms: quantile(took, 0.95), cpuMs: (cpuMs() - beforeMs) / times });
};

const get = async (path: string): Promise<void> => {
  const answer = await fetch(`${origin}${path}`, { headers: { Authorization: `Bearer ${SETUP_TOKEN}` } });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
};
const servers = messages / 10;
const some = (at: number): number => (at * 7_919) % messages;
const ask = (what: string, path: (at: number) => string, times = 20) => time(what, times, (at) => get(path(some(at))));

const tick = async (what: string, act: () => Promise<unknown>): Promise<void> => {
  const [beforeMs, fromMs] = [cpuMs(), performance.now()];
  published = 0;
  await act();
  const took = { times: published, p95Ms: (performance.now() - fromMs) / published };
  asked.push({ what, ...took, cpuMs: (cpuMs() - beforeMs) / published });
};

await ask("messages, newest", () => "/v1/messages");
await ask("messages of a server", (at) => `/v1/messages?server=${serverIdAt(at % servers)}`);
await ask("messages by status", () => "/v1/messages?status=failed");
await ask("messages of a server by status", (at) => `/v1/messages?server=${serverIdAt(at % servers)}&status=sent`);
await ask("messages to a recipient", (at) => `/v1/messages?to=${recipientAt(at)}`);
await ask("messages from a sender", () => "/v1/messages?from=ada@example.com");
await ask("q, a whole subject", (at) => `/v1/messages?q=${encodeURIComponent(subjectAt(at))}`);
await ask("q, one letter", () => "/v1/messages?q=f");
await ask("q, nothing matches", () => "/v1/messages?q=facture%20zzz");
await ask("mail servers, a page", () => "/v1/mail-servers");
await ask("one mail server", (at) => `/v1/mail-servers/${serverIdAt(at % servers)}`);
await ask("statistics", () => "/v1/stats");
await ask("doctor", () => "/v1/doctor", 5);
await ask("home, a card of messages in doubt", () => "/v1/messages?limit=5&status=unknown");
// For a tick, time stands still: on a slow machine it would end before it has seen all, and its first messages would be
// due again before its last.
const now = clock.nowMs();
const atThisMoment: System = { ...system, clock: { ...clock, nowMs: () => now } };
const dispatch = dispatchDue(atThisMoment);
const check = refreshTokens(atThisMoment);
await tick("dispatch, each due message", () => dispatch(push({})));
published = 0;
await time("dispatch, nothing due", 20, () => dispatch(push({})));
if (published > 0) throw new Error(`${published} messages were still due`);
await tick("checks, each due server", () => check(push({ tick: true })));
globalThis.gc?.();
const { heapUsed } = process.memoryUsage();
await close();
store.close();
rmSync(directory, { recursive: true });
const size: Size = {
  messages,
  servers,
  fillS: (openedFromMs - filledFromMs) / 1_000,
  indexS: openedMs / 1_000,
  heapMb: heapUsed / 1_048_576,
  asked,
};
console.log(JSON.stringify(size));
process.exit(0);
