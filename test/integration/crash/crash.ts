import { setTimeout as delay } from "node:timers/promises";
import { linesOf } from "./worker.ts";
import type { World } from "./world.ts";

/** What became of one message whose worker was killed at a point. */
export interface Row {
  readonly point: string;
  /** Was the mark durable by then? */
  readonly marked: boolean;
  readonly settled: boolean;
  readonly outcome: string;
  /** In the mailbox. */
  readonly copies: number;
  readonly asItShould: boolean;
}

/** Every point that a send passes, in order, as one that nobody kills shows them. */
export const recordPoints = async (world: World, server: string): Promise<readonly string[]> => {
  const trace = world.file(`trace-${server}`);
  const worker = await world.start("deliver-mail", { KILL_TRACE: trace });
  const id = await world.accept(server, "the one that nobody kills");
  await world.deliver(worker, id);
  await worker.kill();
  if ((await world.message(id)).status !== "sent") throw new Error(`the clean run did not send:\n${worker.output}`);
  return [...new Set(linesOf(trace))];
};

/** What comes after the answer (an event, say) may still be on its way. */
const PASSED_WITHIN_MS = 5_000;

/** Kills a worker at a point, with one message under way. */
const killAt = async (world: World, server: string, point: string): Promise<string> => {
  const worker = await world.start("deliver-mail", { KILL_AT: point });
  const id = await world.accept(server, point);
  await world.deliver(worker, id);
  const died = await Promise.race([worker.killed().then(() => true), delay(PASSED_WITHIN_MS, false, { ref: false })]);
  if (died) return id;
  await worker.kill();
  throw new Error(`${point} was not passed:\n${worker.output}`);
};

/** Ticks and pushes until nothing more happens by itself. */
const recover = async (world: World, ids: readonly string[]): Promise<void> => {
  const [deliver, dispatch] = await Promise.all([world.start("deliver-mail"), world.start("dispatch-due")]);
  const endsAtMs = Date.now() + 60_000;
  try {
    for (;;) {
      await world.pushTwice(dispatch, { tick: true }, { relais: "tick" });
      await world.drain({ deliver, dispatch });
      const messages = await Promise.all(ids.map((id) => world.message(id)));
      const open = messages.filter(
        ({ status, dueAtMs }) => status !== "sent" && !(status === "unknown" && dueAtMs === null),
      );
      if (open.length === 0) return;
      if (Date.now() > endsAtMs)
        throw new Error(`still ${open.map(({ status }) => status).join(", ")}\n${dispatch.output}`);
      await delay(100);
    }
  } finally {
    await Promise.all([deliver.kill(), dispatch.kill()]);
  }
};

interface Model {
  readonly marked: boolean;
  readonly settled: boolean;
  readonly searchable: boolean;
}

/**
 * The whole promise. Before the mark: sent once, by itself. After it: `sent` if the mailbox has it, `unknown` exactly if it has not; where nobody may
 * search, `unknown` either way. Once settled, sent. Never two copies.
 */
const asItShould = ({ marked, settled, searchable }: Model, outcome: string, copies: number): boolean => {
  if (!marked || settled) return outcome === "sent" && copies === 1;
  if (copies > 1) return false;
  return searchable ? outcome === (copies === 1 ? "sent" : "unknown") : outcome === "unknown";
};

const isDurable = (points: readonly string[], point: string, write: (name: string) => boolean): boolean => {
  const at = points.findIndex((name) => write(name) && name.endsWith(", after"));
  return at !== -1 && points.indexOf(point) >= at;
};

interface Plan {
  readonly servers: readonly string[];
  /** Whether the granted scopes let the sent mail be searched. */
  readonly searchable: boolean;
  /** How often each point is struck. */
  readonly rounds: number;
  /** Which points; every one where not said. */
  readonly only?: RegExp;
}

interface Killed extends Pick<Plan, "searchable"> {
  readonly point: string;
  readonly id: string;
  readonly points: readonly string[];
}

const killEverywhere = async (
  world: World,
  { servers, searchable, rounds, only }: Plan,
): Promise<readonly Killed[]> => {
  const points = await recordPoints(world, servers[0] ?? "");
  const killed: Killed[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const point of points) {
      if (only?.test(point) === false) continue;
      const server = servers[killed.length % servers.length] ?? "";
      killed.push({ point, points, searchable, id: await killAt(world, server, point) });
    }
  }
  return killed;
};

const rowOf = async (world: World, { point, points, searchable, id }: Killed): Promise<Row> => {
  const message = await world.message(id);
  const marked = isDurable(points, point, (name) => name.includes("messages:sending.data"));
  const settled = isDurable(points, point, (name) => name.includes("messages:sent"));
  const copies = world.copies(message);
  const fine = asItShould({ marked, settled, searchable }, message.status, copies);
  return { point, marked, settled, outcome: message.status, copies, asItShould: fine };
};

/** Kills at every point in turn, then lets everything recover; one row a message. */
export const crashEverywhere = async (world: World, plans: readonly Plan[]): Promise<readonly Row[]> => {
  const killed: Killed[] = [];
  for (const plan of plans) killed.push(...(await killEverywhere(world, plan)));
  await recover(
    world,
    killed.map(({ id }) => id),
  );
  return Promise.all(killed.map((one) => rowOf(world, one)));
};

/** Point × outcome × copies. */
export const tableOf = (rows: readonly Row[]): string => {
  const cells = new Map<string, number>();
  for (const { point, outcome, copies, asItShould: fine } of rows) {
    const cell = `| ${point} | ${outcome} | ${copies} | ${fine ? "" : "WRONG"} |`;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  const head = "| killed at | outcome | copies in the mailbox | | times |\n|---|---|---|---|---|\n";
  return head + [...cells].map(([cell, times]) => `${cell} ${times} |`).join("\n");
};
