import type { Clock } from "../../clock.ts";
import type { Log } from "../../log.ts";
import { limitsOf } from "../../mail-servers/limits.ts";
import { canSend } from "../../mail-servers/mail-server.ts";
import type { Publisher } from "../../publisher.ts";
import type { RecordChanges } from "../../record-changes.ts";
import type { Records, Versioned } from "../../records.ts";
import { readSettings } from "../../settings/read-settings.ts";
import type { EnvironmentSettings } from "../../settings/settings.ts";
import { readLedger } from "../limits/ledger.ts";
import { hasRoomNow } from "../limits/room.ts";
import type { Message } from "../message.ts";
import { pendingRecipients } from "../moves.ts";
import { publishRoom } from "../publish-delivery.ts";
import { endsWait, isIn } from "../statuses.ts";

export interface WatchDeps {
  readonly records: Records;
  readonly changes: RecordChanges;
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly log: Log;
  readonly environment: EnvironmentSettings;
}

/** Checks whether the cause of the hold is over. If so, the message leaves at any moment, and "held" would mislead. */
const isHoldOver = async (deps: WatchDeps, { value }: Versioned<Message>): Promise<boolean> => {
  if (!isIn(value, "held")) return false;
  const { serverId } = value;
  const [server, ledger, settings] = await Promise.all([
    deps.records.get("mailServers", serverId),
    readLedger(deps.records, serverId),
    readSettings(deps.records, deps.environment),
  ]);
  if (server === undefined || !canSend(server.value) || settings.value.paused) return false;
  const wanted = pendingRecipients(value).length;
  if (value.because !== "limit_reached") return true;
  return hasRoomNow(deps.clock, ledger.value, { limits: limitsOf(server.value), wanted });
};

/** Checks whether the caller that waits should get an answer now. */
const isWorthAnswering = async (deps: WatchDeps, message: Versioned<Message>): Promise<boolean> =>
  endsWait(message.value) && !(await isHoldOver(deps, message));

/** Who is told of the message's moves looks all the same: another process may move it. */
const FIRST_LOOK_MS = 50;
const LONGEST_LOOK_MS = 1_000;
/** RFC 7240 §4.3 defines `wait`. Firebase Hosting ends a request after 60 s. */
export const LONGEST_WAIT_S = 50;

/**
 * Reads `wait=N` from a `Prefer` header (RFC 7240), in whole seconds and at most 50. Returns null if there is none that
 * can be read: §2 tells a server to ignore those.
 */
export const preferredWaitS = (prefer: string | undefined): number | null => {
  const preferences = (prefer ?? "").split(",").map((preference) => preference.split(";")[0]?.trim() ?? "");
  const wait = preferences.map((preference) => /^wait\s*=\s*"?(\d{1,9})"?$/i.exec(preference)?.[1]);
  const seconds = wait.find((text) => text !== undefined);
  return seconds === undefined ? null : Math.min(Number(seconds), LONGEST_WAIT_S);
};

/** Follows one message: this process tells what it writes itself, and the rest is read. */
class Watch {
  readonly #deps: WatchDeps;
  readonly #id: string;
  readonly #signal: AbortSignal;
  readonly #endTelling: () => void;
  #told: Versioned<Message> | undefined;
  #wake: () => void = () => undefined;

  constructor(deps: WatchDeps, id: string, signal: AbortSignal) {
    this.#deps = deps;
    this.#id = id;
    this.#signal = signal;
    this.#endTelling = deps.changes.watch("messages", id, (record) => {
      this.#told = record;
      if (endsWait(record.value)) this.#wake();
    });
  }

  /** Returns the message as it is after so many milliseconds, or as soon as it is told that the wait is over. */
  async next(ms: number): Promise<Versioned<Message> | undefined> {
    const waiting = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#told === undefined || !endsWait(this.#told.value)) {
      const either = AbortSignal.any([waiting.signal, this.#signal]);
      await Promise.race([woken, this.#deps.clock.sleep(ms, either)]);
      waiting.abort();
    }
    const told = this.#told;
    this.#told = undefined;
    return told !== undefined && endsWait(told.value) ? told : this.#deps.records.get("messages", this.#id);
  }

  end(): void {
    this.#endTelling();
  }
}

/** `ended` says that the status is worth an answer; otherwise the time ran out first. */
export interface Watched {
  readonly message: Versioned<Message>;
  readonly ended: boolean;
}

/**
 * Watches a message until its status ends the wait, `seconds` real seconds pass (the time scale does not apply), or the
 * caller disconnects. A held message does not end the wait if the cause of its hold is over. For a held message it also
 * asks for the release of those that have room again. Throws `Unavailable`.
 */
export const watchMessage = async (
  deps: WatchDeps,
  message: Versioned<Message>,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<Watched> => {
  const endMs = deps.clock.nowMs() + seconds * 1_000;
  const mail = new Watch(deps, message.id, signal);
  let seen = message;
  let asked = false;
  try {
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(lookMs * 1.3, LONGEST_LOOK_MS)) {
      if (await isWorthAnswering(deps, seen)) return { message: seen, ended: true };
      if (!asked && isIn(seen.value, "held")) {
        asked = true;
        await publishRoom(deps, seen.value.serverId);
      }
      const leftMs = endMs - deps.clock.nowMs();
      if (leftMs <= 0 || signal.aborted) return { message: seen, ended: false };
      seen = (await mail.next(Math.min(lookMs, leftMs))) ?? seen;
    }
  } finally {
    mail.end();
  }
};
