import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../../functions/domain/messages/accept/message-input.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { eventually } from "../../builders/eventually.ts";
import { OPERATOR } from "../../builders/mail-server.ts";
import { programPath } from "../../builders/programs.ts";
import { seedServers } from "../../builders/seeded-server.ts";
import { startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

const WORKER = programPath("ledger");

export interface LedgerRun {
  readonly servers: number;
  readonly processes: number;
  /** Messages per server, with one recipient each. */
  readonly messages: number;
  readonly perMinute: number;
  /** How long a minute takes, in real milliseconds. */
  readonly minuteMs: number;
  /**
   * How late the last message may leave: one tick (a minute) on an idle machine. The limits themselves have no
   * tolerance.
   */
  readonly slackMinutes: number;
}

export interface Claims {
  /** By server: when each message was claimed, in the order in which the messages were made. */
  readonly claimedAtMs: readonly (readonly number[])[];
  /** By server: each message that had to wait, in the order in which the messages were made. */
  readonly waits: readonly (readonly Wait[])[];
}

/** When one message was first held, and when it was released. */
export interface Wait {
  readonly heldAtMs: number;
  readonly releasedAtMs: number;
}

const claimedAt = (message: Message): number =>
  message.timeline.findLast(({ status }) => status === "sending")?.atMs ?? Number.NaN;

const waitOf = ({ timeline }: Message): Wait | undefined => {
  const at = timeline.findIndex(({ status }) => status === "held");
  const [held, released] = at === -1 ? [] : timeline.slice(at);
  return held && released && { heldAtMs: held.atMs, releasedAtMs: released.atMs };
};

/** Accepts all messages of all servers at once and lets several processes claim them, until every one is sent. */
export const runLedgers = async (run: LedgerRun): Promise<Claims> => {
  const directory = mkdtempSync(join(tmpdir(), "relais-ledgers-"));
  const sandbox = await startGoogleSandbox();
  const scale = String(60_000 / run.minuteMs);
  const environment = { ...sandbox.environment, RELAIS_DATA_DIR: directory, RELAIS_TIME_SCALE: scale };
  const system = compose(loadConfig(environment), { component: "ledgers", write: () => undefined });
  const servers = Array.from({ length: run.servers }, (_, n) => `srv_${n}`);
  await seedServers(system, sandbox, { ids: servers, limits: { perMinute: run.perMinute, perDay: 10_000 } });
  const accepted = new Map<string, string[]>(servers.map((id) => [id, []]));
  for (let n = 0; n < run.messages; n += 1) {
    for (const server of servers) {
      const json = { server, to: "b@example.org", text: "Bonjour" };
      const submission = { principal: OPERATOR, json, idempotencyKey: null, sizeLimit: HTTP_SIZE_LIMIT };
      const result = await acceptMessage(system, submission);
      if (!result.ok || result.value.kind !== "accepted") throw new Error(JSON.stringify(result));
      accepted.get(server)?.push(result.value.message.id);
    }
  }
  const workers = Array.from({ length: run.processes }, (_, n) =>
    spawn(process.execPath, [WORKER, n === 0 ? "ticks" : ""], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ["pipe", "ignore", "inherit"],
    }),
  );
  try {
    const read = async (id: string): Promise<Message | undefined> => (await system.records.get("messages", id))?.value;
    const last = servers.map((server) => accepted.get(server)?.at(-1) ?? "");
    const windows = Math.ceil(run.messages / run.perMinute);
    const withinMs = 120_000 + 2 * windows * run.minuteMs;
    for (const id of last)
      await eventually("the youngest is sent", async () => (await read(id))?.status === "sent", withinMs);
    const claimedAtMs: number[][] = [];
    const waits: Wait[][] = [];
    for (const server of servers) {
      const times: number[] = [];
      const waited: Wait[] = [];
      for (const id of accepted.get(server) ?? []) {
        const message = await eventually(`${id} is sent`, async () => {
          const found = await read(id);
          return found?.status === "sent" && found;
        });
        times.push(claimedAt(message));
        const wait = waitOf(message);
        if (wait !== undefined) waited.push(wait);
      }
      claimedAtMs.push(times);
      waits.push(waited);
    }
    return { claimedAtMs, waits };
  } finally {
    for (const worker of workers) worker.stdin?.end();
    await Promise.all(workers.map((worker) => (worker.exitCode === null ? once(worker, "exit") : undefined)));
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Windows of a minute in which more was claimed than allowed. */
export const overLimit = (
  claimedAtMs: readonly number[],
  { perMinute, minuteMs }: Pick<LedgerRun, "perMinute" | "minuteMs">,
): readonly string[] =>
  claimedAtMs
    .map((atMs) => claimedAtMs.filter((other) => other > atMs - minuteMs && other <= atMs).length)
    .filter((within) => within > perMinute)
    .map((within) => `${within} within a minute`);

/**
 * Releases before an older message that also waited. There must be none, however slow the machine. A message that comes
 * to its first attempt while younger ones are released (a slow machine takes over a minute to try all of them once) had
 * no place in the line yet.
 */
export const outOfOrder = (waits: readonly Wait[], { minuteMs }: Pick<LedgerRun, "minuteMs">): readonly string[] =>
  waits.flatMap(({ releasedAtMs }, at) => {
    const passed = waits
      .slice(0, at)
      .filter((elder) => elder.heldAtMs < releasedAtMs - minuteMs / 4 && elder.releasedAtMs > releasedAtMs);
    return passed.length === 0 ? [] : [`number ${at} of those that waited was released before ${passed.length} elders`];
  });

/**
 * How many ticks (minutes) later than the limits allow the last message left: a whole number of windows after the very
 * first.
 */
export const ticksLate = (
  claimedAtMs: readonly number[],
  { perMinute, minuteMs }: Pick<LedgerRun, "perMinute" | "minuteMs">,
): number => {
  const windows = Math.ceil(claimedAtMs.length / perMinute);
  return (Math.max(...claimedAtMs) - Math.min(...claimedAtMs)) / minuteMs - (windows - 1);
};

/**
 * What is wrong with the claims of one server; empty if nothing. Releases must be in exact order (`outOfOrder`). Claims
 * are made by several workers at once, so those whose rooms open at the same moment may overtake each other by the time
 * that a worker needs to get its turn. But no younger message may take an older one's room and make it wait for another
 * window. That would show as more than half a minute, because each window's rooms open a minute after those of the
 * window before.
 */
export const faultsOf = (
  claimedAtMs: readonly number[],
  { perMinute, minuteMs, slackMinutes }: LedgerRun,
): readonly string[] => {
  const faults = [...overLimit(claimedAtMs, { perMinute, minuteMs })];
  const sorted = claimedAtMs.toSorted((a, b) => a - b);
  // The first minute is a race of equals: nobody had to wait yet.
  const waited = claimedAtMs.filter((atMs) => atMs >= (sorted[0] ?? 0) + minuteMs);
  waited.forEach((atMs, at) => {
    const overtaken = waited.slice(0, at).filter((older) => older > atMs + (slackMinutes * minuteMs) / 2).length;
    if (overtaken > 0) faults.push(`${overtaken} older ones were overtaken by number ${at} of those that waited`);
  });
  const late = ticksLate(claimedAtMs, { perMinute, minuteMs });
  if (late > slackMinutes) faults.push(`the last left ${late.toFixed(1)} ticks later than the limits allow`);
  return faults;
};
