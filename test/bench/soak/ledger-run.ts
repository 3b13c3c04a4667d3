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
import { type Claims, claimedAt, type LedgerRun, type Wait, waitOf } from "../../builders/claims.ts";
import { eventually } from "../../builders/eventually.ts";
import { OPERATOR } from "../../builders/mail-server.ts";
import { programPath } from "../../builders/program-path.ts";
import { seedServers } from "../../builders/seeded-server.ts";
import { startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

const WORKER = programPath("ledger");

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
