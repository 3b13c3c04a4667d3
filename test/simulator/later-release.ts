import { DAY, HOUR, MINUTE } from "../../functions/domain/clock.ts";
import type { MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import type { Message } from "../../functions/domain/messages/message.ts";
import type { RecordKind } from "../../functions/domain/record-kinds.ts";
import type { Versioned, Write } from "../../functions/domain/records.ts";
import type { Accuse } from "./broken.ts";
import type { Chance } from "./chance.ts";
import type { MemoryRecords } from "./memory-records.ts";
import type { Timeline } from "./timeline.ts";
import type { Weather } from "./weather.ts";

interface Deps {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly records: MemoryRecords;
  readonly serverIds: () => readonly string[];
  readonly accuse: Accuse;
  /** Every instance of every function is exchanged. */
  readonly rollOut: () => void;
}

/** A status that this release does not know. */
const PARKED: string = "parked";
/** A member that this release does not know. */
const MARK = "markOfLaterRelease";

const ROLL_OUT_EVERY_MS = 2 * DAY;
const SIDE_BY_SIDE_MS = { shortest: 10 * MINUTE, longest: 3 * HOUR };
const LONGEST_PARKED_MS = 2 * HOUR;
const PARKABLE: readonly string[] = ["queued", "deferred", "held", "scheduled"];

const markIn = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, MARK) : undefined;

/**
 * A later release that runs beside this one at each roll-out, and is rolled back again. It marks messages and servers
 * with a member of its own, and takes messages into a status of its own for a while. This release must keep the first
 * and leave the second alone.
 */
export class LaterRelease {
  readonly #deps: Deps;
  readonly #parked = new Set<string>();
  #running = false;
  marked = 0;
  parked = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  live(): void {
    const { timeline, chance, weather } = this.#deps;
    timeline.repeat(
      () => chance.waiting(ROLL_OUT_EVERY_MS),
      () => {
        if (!weather.isCalm) this.#rollOut();
      },
    );
  }

  #rollOut(): void {
    const { timeline, chance } = this.#deps;
    this.#deps.rollOut();
    if (this.#running) return;
    this.#running = true;
    this.#actAgain();
    timeline.after(chance.between(SIDE_BY_SIDE_MS.shortest, SIDE_BY_SIDE_MS.longest), () => {
      this.#running = false;
      this.#deps.rollOut();
    });
  }

  #actAgain(): void {
    const { timeline, chance, weather } = this.#deps;
    timeline.after(chance.waiting(2 * MINUTE), () => {
      if (!this.#running || weather.isCalm) return;
      if (chance.happens(0.3)) this.#markServer();
      else this.#takeMessage();
      this.#actAgain();
    });
  }

  #change(
    kind: "messages" | "mailServers",
    before: Versioned<Message | MailServer>,
    changes: Readonly<Record<string, unknown>>,
  ): boolean {
    const { id, version } = before;
    // What a later release writes has no type here.
    const write = { op: "replace", kind, id, version, value: { ...before.value, ...changes } } as Write;
    return this.#deps.records.write([write]).done;
  }

  #markServer(): void {
    const { chance, records, serverIds } = this.#deps;
    const ids = serverIds();
    const server = records.read("mailServers", ids[chance.below(ids.length)] ?? "");
    if (server !== undefined && this.#change("mailServers", server, { [MARK]: this.marked })) this.marked += 1;
  }

  #takeMessage(): void {
    const { timeline, chance, records } = this.#deps;
    const due = records.find("messagesDue", { upTo: timeline.nowMs + HOUR }, { limit: 20 });
    const among = due === "bad_cursor" ? [] : due.items.filter(({ value }) => PARKABLE.includes(value.status));
    const message = among[chance.below(among.length)];
    if (message === undefined) return;
    const parks = chance.happens(0.5);
    if (!this.#change("messages", message, { [MARK]: this.marked, ...(parks && { status: PARKED }) })) return;
    this.marked += 1;
    if (!parks) return;
    this.parked += 1;
    this.#parked.add(message.id);
    timeline.after(chance.between(MINUTE, LONGEST_PARKED_MS), () => this.#giveBack(message.id, message.value));
  }

  #giveBack(id: string, { status }: Message): void {
    const { records, timeline } = this.#deps;
    const message = records.read("messages", id);
    this.#parked.delete(id);
    const nowMs = Math.floor(timeline.nowMs);
    if (message !== undefined) this.#change("messages", message, { status, updatedAtMs: nowMs, dueAtMs: nowMs });
  }

  /** Checks what this release has made of the other one's records. */
  onWrite(
    kind: RecordKind,
    id: string,
    { before, after }: { readonly before: unknown; readonly after: unknown },
  ): void {
    const { accuse } = this.#deps;
    if (this.#parked.has(id))
      accuse("what is unknown is left alone", `${id} was written in a status of a later release`);
    if (after !== undefined && markIn(before) !== undefined && markIn(after) === undefined)
      accuse("what is unknown is left alone", `${kind} ${id} lost a member of a later release`);
  }
}
