import { SECOND } from "../../domain/clock.ts";
import { dispatchDue, dispatchPart } from "../../domain/messages/due/dispatch.ts";
import { dispatchInParts, partIn } from "../../domain/messages/due/fan-out.ts";
import { releaseAllHeld, releaseHeld, releaseIntoRoom } from "../../domain/messages/due/release.ts";
import { tellForgotten } from "../../domain/notices/tell.ts";
import { jsonData, type OnPush } from "../event-edge.ts";
import type { System } from "../system.ts";

const fieldOf = (data: unknown, name: string): unknown =>
  typeof data === "object" && data !== null ? Reflect.get(data, name) : undefined;

/** The most of a tick that goes to records of earlier releases: others are due meanwhile. Nominal. */
const EARLIER_RECORDS_MS = 20 * SECOND;

const findEarlierRecords = async ({ addShards, clock, log }: System): Promise<void> => {
  const added = await addShards(clock.nowMs() + clock.lasting(EARLIER_RECORDS_MS));
  if (added > 0) log.info("shards_added", { count: added });
};

/**
 * Topic `mail-dispatch`. `{"server": "srv_…"}`: that server can send again, so release its held messages. `{"room":
 * "srv_…"}`: its limits have room again. `{"resume": true}`: the pause is over, so release all.
 * `{"part": {"at": 0, "of": 6}}`: publish what is due in that part. Anything else is a tick: publish what is due, or
 * ask for its parts, and tell what is still untold.
 */
export const onPush =
  (system: System): OnPush =>
  async (message) => {
    const json = jsonData(message);
    const data = json.ok ? json.value : null;
    const server = fieldOf(data, "server");
    const room = fieldOf(data, "room");
    const part = partIn(fieldOf(data, "part"));
    if (typeof server === "string") {
      system.log.info("messages_released", { server, count: await releaseHeld(system, server) });
    } else if (typeof room === "string") {
      await releaseIntoRoom(system, room);
    } else if (fieldOf(data, "resume") === true) {
      system.log.info("messages_released", { server: null, count: await releaseAllHeld(system) });
    } else if (part !== undefined) {
      system.log.info("messages_dispatched", { count: await dispatchPart(system, part) });
    } else {
      // One process has the embedded store to itself, so nobody else could take a part.
      const count = await (system.config.store === "google" ? dispatchInParts(system) : dispatchDue(system));
      if (count > 0) system.log.info("messages_dispatched", { count });
      const told = await tellForgotten(system);
      if (told > 0) system.log.info("notices_told", { count: told });
      await findEarlierRecords(system);
    }
    return "ack";
  };
