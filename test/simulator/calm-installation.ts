import { MINUTE, SECOND } from "../../functions/domain/clock.ts";
import type { MailTransport } from "../../functions/domain/google/transports.ts";
import type { Log } from "../../functions/domain/log.ts";
import type { OnPush } from "../../functions/runtime/event-edge.ts";
import { onPush as deliverMail } from "../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../functions/runtime/handlers/dispatch-due.ts";
import type { System } from "../../functions/runtime/system.ts";
import { Chance } from "./chance.ts";
import { Fleet } from "./fleet.ts";
import { Gmail } from "./gmail.ts";
import { Google } from "./google.ts";
import { type Handed, type HandedOutcome, MemoryQueue } from "./memory-queue.ts";
import { MemoryRecords } from "./memory-records.ts";
import { MemoryVault } from "./memory-vault.ts";
import type { Process } from "./process.ts";
import { systemOf } from "./system-of-process.ts";
import { Timeline } from "./timeline.ts";
import { Weather } from "./weather.ts";

const START_MS = Date.parse("2026-11-30T00:00:00Z");
const NO_FAULTS = { passing: 0, lostReply: 0, lateIndex: 0 };
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface CalmInstallation {
  readonly timeline: Timeline;
  readonly records: MemoryRecords;
  /** Has a process do some work now, while time goes on. Rejects unless it is done. */
  ask<T>(work: (system: System) => Promise<T>): Promise<T>;
}

/**
 * An installation in virtual time in which nothing goes wrong, but that a push may come twice: several instances of
 * `deliver-mail`, and a tick of `dispatch-due` each minute. `transport` sends.
 */
export const calmInstallation = (
  seed: number,
  { instances, transport }: { readonly instances: number; readonly transport: (process: Process) => MailTransport },
): CalmInstallation => {
  const [timeline, chance] = [new Timeline(START_MS), new Chance(seed)];
  const weather = new Weather(timeline, chance);
  weather.calmDown();
  const world = { timeline, chance, weather };
  const google = new Google(world, { nonsense: 0, rotates: 0 });
  const gmail = new Gmail({ ...world, google }, NO_FAULTS);
  const records = new MemoryRecords();
  const hand = async ({ topic, messageId, attributes, json, attempt }: Handed): Promise<HandedOutcome> => {
    if (topic !== "mail-send" && topic !== "mail-dispatch") return "ack";
    const message = { messageId, attributes, data: Buffer.from(json), deliveryAttempt: attempt };
    const answer = await fleets[topic].ask((onPush) => onPush(message));
    return answer.kind === "answered" ? answer.value : "nack";
  };
  const queue = new MemoryQueue({ timeline, chance, faults: { twice: 0.05, late: 0, lostAck: 0, dead: 0 } }, hand);
  const shared = { chance, records, vault: new MemoryVault(), publisher: queue, google, gmail };
  const system = (process: Process): System => {
    const transports = { smtp: transport(process), gmail_api: transport(process) };
    return { ...systemOf(process, { ...shared, log: SILENT, retentionDays: 30 }), transports };
  };
  const around = { ...world, hardships: { callsLived: 1, failure: 0, slow: 0, freeze: 0 } };
  const fleetOf = <H>(places: number, build: (of: System) => H): Fleet<H> =>
    new Fleet(around, { instances: places, concurrency: 8, timeoutMs: 300 * SECOND }, (process) =>
      build(system(process)),
    );
  const fleets: Readonly<Record<"mail-send" | "mail-dispatch", Fleet<OnPush>>> = {
    "mail-send": fleetOf(instances, deliverMail),
    "mail-dispatch": fleetOf(1, dispatchDue),
  };
  const web = fleetOf(1, (of) => of);
  timeline.repeat(
    () => MINUTE,
    () => void queue.publish("mail-dispatch", { data: {}, attributes: {} }),
  );
  return {
    timeline,
    records,
    ask: async (work) => {
      const answer = await web.ask(work);
      if (answer.kind !== "answered") throw new Error("the work was not done", { cause: answer });
      return answer.value;
    },
  };
};
