import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type Act, markedAt, SEND, settledAt, takenAt } from "./acts.ts";
import { asItShould, type Row } from "./model.ts";
import { linesOf, type Worker } from "./worker.ts";
import type { World } from "./world.ts";

export interface Plan {
  readonly servers: readonly string[];
  readonly searchable: boolean;
  /** Of each mail; one where not said. */
  readonly recipients?: number;
  /** Each mail is a later one of its session, which goes in one flight if everything is offered. */
  readonly later?: boolean;
  /** How often each point is struck. */
  readonly rounds: number;
  /** The acts after the delivery that are killed too. */
  readonly aftermath?: readonly Act[];
  /** Which points of the delivery to strike; all by default. */
  readonly choose?: (points: readonly string[]) => readonly string[];
}

/** The points of an act in order, as seen when nobody kills it. */
interface Traced {
  readonly act: Act;
  readonly plan: Plan;
  readonly points: readonly string[];
  /** The points of the delivery. */
  readonly ofSend: readonly string[];
}

interface Killed extends Traced {
  readonly point: string;
  readonly id: string;
}

/** Through which server a mail goes, and to how many. */
interface Target {
  readonly server: string;
  readonly recipients?: number | undefined;
  /** The file without which no point counts: the session must carry another mail first. */
  readonly once?: string | undefined;
}

/** What follows the answer (an event, for example) may still be on its way. */
const PASSED_WITHIN_MS = 5_000;
const TRIES = 3;
const LONG_MS = 3_600_000;
/** What is due later than this was put off, or is a lease on the scale of real time. */
const SOON_MS = 60_000;

const dies = (worker: Worker): Promise<boolean> =>
  Promise.race([worker.killed().then(() => true), delay(PASSED_WITHIN_MS, false, { ref: false })]);

let files = 0;

/** How a worker is started for a plan. */
const setUpFor = (world: World, { later = false }: Plan): Pick<Target, "once"> & { readonly kill: object } => {
  if (!later) return { kill: {} };
  files += 1;
  const once = world.file(`once-${files}`);
  // At the scale of the others, a session ends as soon as it is idle.
  return { once, kill: { KILL_ONCE: once, RELAIS_TIME_SCALE: "1" } };
};

/** By the first of them there is a session, and by the second it is known that the server's sessions go on. */
const MAILS_BEFORE_A_FLIGHT = 2;

/** Runs one delivery by a worker that may die of it. */
const deliver = async (world: World, { server, recipients = 1, once }: Target, worker: Worker): Promise<string> => {
  if (once !== undefined) {
    for (let mails = 0; mails < MAILS_BEFORE_A_FLIGHT; mails += 1) {
      const before = await world.accept(server, { subject: "Bonjour", recipients });
      await world.events.first(worker, before);
      if ((await world.message(before)).status !== "sent")
        throw new Error(`the mail before was not sent:\n${worker.output}`);
    }
    writeFileSync(once, "");
  }
  const id = await world.accept(server, { subject: "Bonjour", recipients });
  await world.events.first(worker, id);
  return id;
};

/** Returns undefined if the worker never reached the point where it should die. */
const deliverAndDie = async (world: World, target: Target, worker: Worker): Promise<string | undefined> => {
  const id = await deliver(world, target, worker);
  if (await dies(worker)) return id;
  await worker.kill();
  return undefined;
};

/** Makes a message in the state that the act needs; `killed` is the worker that leaves it so. */
const prepare = async (
  world: World,
  target: Target,
  { act, killed }: { readonly act: Act; readonly killed: Worker },
) => {
  const id = await deliverAndDie(world, target, killed);
  if (id === undefined) throw new Error("the delivery before passed by");
  await world.setDue(id, Date.now());
  if (act.inDoubt === true) {
    const { dispatch } = await world.standing();
    while ((await world.message(id)).status !== "unknown") await world.events.tick(dispatch);
    await world.setDue(id, Date.now());
  }
  return id;
};

/** Makes the act happen, until it is done or its worker is gone. */
const provoke = async (world: World, worker: Worker, { act, id }: Pick<Killed, "act" | "id">): Promise<void> => {
  const { version } = await world.record(id);
  const done = async (): Promise<boolean> => {
    const now = await world.record(id);
    if (act.by === "dispatch-due") return now.version !== version;
    return now.value.status === "sent" || now.value.dueAtMs === null;
  };
  while (!worker.gone && !(await done())) {
    await (act.by === "dispatch-due" ? world.events.tick(worker) : world.events.again(worker, id));
    await delay(20);
  }
};

/** A point to strike, with the processes that it needs. They are started while the one before is still running. */
interface PlannedKill {
  readonly traced: Traced;
  readonly point: string;
  readonly server: string;
}

interface Ready {
  /** The worker that is killed at the point. */
  readonly worker: Promise<Worker>;
  /** The worker that was killed before, during its delivery. */
  readonly before?: Promise<Worker>;
  readonly once?: string | undefined;
}

const startFor = (world: World, { traced: { act, plan, ofSend }, point }: PlannedKill): Ready => {
  const { once, kill } = setUpFor(world, plan);
  const worker = world.start(act.by, { KILL_AT: point, ...kill });
  return act.after === undefined
    ? { worker, once }
    : { worker, before: world.start("deliver-mail", { KILL_AT: act.after(ofSend) }) };
};

const actAndDie = async (
  world: World,
  { traced: { act, plan }, server }: PlannedKill,
  ready: Ready,
): Promise<string | undefined> => {
  const [worker, killed] = await Promise.all([ready.worker, ready.before]);
  const target = { server, recipients: plan.recipients, once: ready.once };
  if (killed === undefined) return deliverAndDie(world, target, worker);
  const id = await prepare(world, target, { act, killed });
  await provoke(world, worker, { act, id });
  const died = await dies(worker);
  await worker.kill();
  // The next tick is about another message.
  await world.setDue(id, Date.now() + LONG_MS);
  return died ? id : undefined;
};

const strike = async (world: World, kill: PlannedKill, first: Ready): Promise<Killed> => {
  const { traced, point } = kill;
  let ready = first;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const id = await actAndDie(world, kill, ready);
    if (id !== undefined) return { ...traced, point, id };
    ready = startFor(world, kill);
  }
  throw new Error(`${traced.act.name}: ${point} was not passed`);
};

const traceSend = async (world: World, plan: Plan): Promise<Traced> => {
  const [server = ""] = plan.servers;
  const trace = world.file(`trace-${server}`);
  const { once, kill } = setUpFor(world, plan);
  const worker = await world.start("deliver-mail", { KILL_TRACE: trace, ...kill });
  const id = await deliver(world, { server, recipients: plan.recipients, once }, worker);
  await worker.end();
  if ((await world.message(id)).status !== "sent") throw new Error(`the clean run did not send:\n${worker.output}`);
  const points = [...new Set(linesOf(trace))];
  return { act: SEND, plan, points, ofSend: points };
};

const traceAct = async (world: World, { plan, ofSend }: Traced, act: Act): Promise<Traced> => {
  const [server = ""] = plan.servers;
  const trace = world.file(`trace-${server}-${act.name}`);
  const killed = await world.start("deliver-mail", { KILL_AT: act.after?.(ofSend) ?? "" });
  const id = await prepare(world, { server, recipients: plan.recipients }, { act, killed });
  const worker = await world.start(act.by, { KILL_TRACE: trace });
  await provoke(world, worker, { act, id });
  await worker.end();
  await world.setDue(id, Date.now() + LONG_MS);
  return { act, plan, ofSend, points: [...new Set(linesOf(trace))] };
};

/** How much of what a function has logged is shown if messages do not come to their end, in characters. */
const LAST_OUTPUT = 5_000;

/** Runs ticks and pushes until nothing more happens by itself. */
export const recover = async (world: World, ids: readonly string[]): Promise<void> => {
  const workers = await world.standing();
  const endsAtMs = Date.now() + 600_000;
  for (const id of ids) {
    const { dueAtMs } = await world.message(id);
    if (dueAtMs !== null && dueAtMs > Date.now() + SOON_MS) await world.setDue(id, Date.now());
  }
  for (;;) {
    await world.events.flow(workers);
    await world.events.tick(workers.dispatch);
    await world.events.flow(workers);
    const messages = await Promise.all(ids.map((id) => world.message(id)));
    const open = messages.filter(
      ({ status, dueAtMs }) =>
        !["sent", "failed", "canceled", "expired"].includes(status) && !(status === "unknown" && dueAtMs === null),
    );
    if (open.length === 0) break;
    const said = [workers.deliver, workers.dispatch].map(({ output }) => output.slice(-LAST_OUTPUT)).join("\n");
    if (workers.deliver.gone || workers.dispatch.gone) throw new Error(`a function ended by itself:\n${said}`);
    if (Date.now() > endsAtMs) throw new Error(`still open: ${JSON.stringify(open)}\n${world.events.lately}\n${said}`);
    await delay(100);
  }
  world.events.stop();
};

const rowOf = async (world: World, { act, plan, point, points, id }: Killed): Promise<Row> => {
  const message = await world.message(id);
  const facts = {
    marked: act.marked || markedAt(points, point),
    taken: act.taken || takenAt(points, point),
    settled: settledAt(points, point),
    searchable: plan.searchable,
  };
  const looks = message.status === "unknown" ? message.lookups : 0;
  const end = { outcome: message.status, copies: world.copies(message), looks };
  const name = act === SEND ? point : `${act.by}, ${act.name}: ${point}`;
  return { point: name, ...facts, ...end, asItShould: asItShould(facts, end) };
};

const killsOf = (traced: Traced): readonly PlannedKill[] => {
  const { act, plan, points } = traced;
  const chosen = act === SEND ? (plan.choose?.(points) ?? points) : points;
  return chosen.map((point, at) => ({ traced, point, server: plan.servers[at % plan.servers.length] ?? "" }));
};

/** Strikes every point of an act, one after the other, then lets everything recover. Returns one row per message. */
const strikeAll = async (world: World, traced: Traced): Promise<readonly Row[]> => {
  const killed: Killed[] = [];
  const kills = killsOf(traced);
  if (kills.length === 0) return [];
  let ready = kills[0] && startFor(world, kills[0]);
  for (const [at, kill] of kills.entries()) {
    if (ready === undefined) break;
    const now = ready;
    await Promise.all([now.worker, now.before]);
    const next = kills[at + 1];
    ready = next && startFor(world, next);
    killed.push(await strike(world, kill, now));
  }
  await recover(
    world,
    killed.map(({ id }) => id),
  );
  return Promise.all(killed.map((one) => rowOf(world, one)));
};

/**
 * Kills at every point, as often as planned. Returns one row per message and round; `told` is called after each round.
 */
export const crashEverywhere = async (
  world: World,
  plans: readonly Plan[],
  told: (rows: readonly Row[]) => void = () => undefined,
): Promise<readonly Row[]> => {
  const sends: Traced[] = [];
  for (const plan of plans) sends.push(await traceSend(world, plan));
  const acts: Traced[] = [];
  for (const send of sends) for (const act of send.plan.aftermath ?? []) acts.push(await traceAct(world, send, act));
  const rows: Row[] = [];
  for (let round = 0; sends.some(({ plan }) => round < plan.rounds); round += 1) {
    const inRound = ({ plan }: Traced): boolean => round < plan.rounds;
    // What was killed recovers before the next act: at this scale of time, 72 hours of attempts pass quickly.
    for (const traced of [...sends, ...acts].filter(inRound)) rows.push(...(await strikeAll(world, traced)));
    told(rows);
  }
  return rows;
};
