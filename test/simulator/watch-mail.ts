import { HOUR, MINUTE } from "../../functions/domain/clock.ts";
import { limitsOf } from "../../functions/domain/mail-servers/limits.ts";
import { canSend, type MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import type { Message, Recipient } from "../../functions/domain/messages/message.ts";
import { ALL_SERVERS, addUp, hoursOf } from "../../functions/domain/messages/stats/tally.ts";
import { isFinal, isKnownStatus, NEXT } from "../../functions/domain/messages/statuses.ts";
import type { Accuse } from "./broken.ts";
import { GONE } from "./gmail.ts";
import type { MemoryRecords } from "./memory-records.ts";
import type { Timeline } from "./timeline.ts";
import { WatchLimits } from "./watch-limits.ts";
import type { Weather } from "./weather.ts";

/** What is known of a message besides its record. */
interface Known {
  readonly id: string;
  readonly messageId: string;
  /** How many copies Gmail has taken for each recipient; null while there are none. */
  copies: Map<string, number> | null;
  /** How often it was sent again on purpose, although it might have gone out. */
  resends: number;
  doubted: boolean;
  canceled: boolean;
  told: boolean;
  finalAtMs: number | null;
}

interface Deps {
  readonly timeline: Timeline;
  readonly weather: Weather;
  readonly records: () => MemoryRecords;
  readonly accuse: Accuse;
  /** A person must decide about this message. */
  readonly onDoubt: (id: string) => void;
  readonly onFailed: (id: string) => void;
  readonly forget: (messageId: string) => void;
}

const AUDIT_AFTER_MS = 6 * HOUR;
const RESENDS: readonly string[] = ["resent", "declared_resend", "back_to_schedule", "declared_on_schedule"];
/** A message that is tried for 72 hours ends at its next try, which comes within the hour, or when a tick finds it. */
const LONGEST_TRY_MS = 75 * HOUR;
/** How long a message may be under way, or wait for what is there, while all is well. */
const LONGEST_UNDER_WAY_MS = 2 * HOUR;

/** The ends of a message that some recipients may have: it may be called off or expire while others are tried again. */
const MAY_HAVE_REACHED: readonly string[] = ["sent", "canceled", "expired"];

const acceptedIn = (recipients: readonly Recipient[]): number =>
  recipients.reduce((count, { state }) => (state === "accepted" ? count + 1 : count), 0);

const pendingIn = ({ recipients }: Pick<Message, "recipients">): number =>
  recipients.filter(({ state }) => state === "pending").length;

const waitsForRoom = (message: Message): boolean => message.status === "held" && message.because === "limit_reached";

/** Watches over every message: from the commit that accepts it to the erasure of its record. */
export class WatchMail {
  readonly #deps: Deps;
  readonly #known = new Map<string, Known>();
  readonly #byMessageId = new Map<string, Known>();
  /** Since when each server can send, if it can. */
  readonly #sendsSinceMs = new Map<string, number>();
  /** The messages to look at, earliest first. */
  readonly #audits: { readonly atMs: number; readonly known: Known }[] = [];
  #audited = 0;
  readonly limits: WatchLimits;
  /** How many messages have ended so, less those that were retried since. */
  readonly ended = { sent: 0, failed: 0, canceled: 0, expired: 0 };
  accepted = 0;
  taken = 0;
  doubts = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.limits = new WatchLimits(deps.accuse);
    deps.timeline.repeat(
      () => 10 * MINUTE,
      () => this.#lookAround(),
    );
  }

  get open(): number {
    return this.#known.size;
  }

  noteCanceled(id: string): void {
    const known = this.#known.get(id);
    if (known !== undefined) known.canceled = true;
  }

  onWrite(id: string, before: Message | undefined, after: Message | undefined) {
    if (after === undefined) return this.#erased(id, before);
    const known = before === undefined ? this.#begin(id, after) : this.#known.get(id);
    if (known === undefined) return this.#deps.accuse("nothing lost", `${id} is written after it was forgotten`);
    if (before !== undefined && after.timeline.length > before.timeline.length) this.#moved(known, before, after);
    // A search may be given up without a move.
    else if (before !== undefined && after.status === "unknown" && after.dueAtMs === null) this.#deps.onDoubt(id);
  }

  onServer(id: string, before: MailServer | undefined, after: MailServer | undefined): void {
    if (after === undefined || !canSend(after)) this.#sendsSinceMs.delete(id);
    else if (before === undefined || !canSend(before)) this.#sendsSinceMs.set(id, this.#deps.timeline.nowMs);
  }

  #begin(id: string, message: Message): Known {
    const known: Known = {
      id,
      messageId: message.messageId,
      copies: null,
      resends: 0,
      doubted: false,
      canceled: false,
      told: false,
      finalAtMs: null,
    };
    this.accepted += 1;
    this.#known.set(id, known);
    this.#byMessageId.set(message.messageId, known);
    this.#audits.push({ atMs: this.#deps.timeline.nowMs + AUDIT_AFTER_MS, known });
    return known;
  }

  #erased(id: string, before: Message | undefined): void {
    const known = this.#known.get(id);
    if (known === undefined || before === undefined) return;
    if (!isFinal(before)) this.#deps.accuse("nothing lost", `${id} was erased while it was ${before.status}`);
    if (!known.told) this.#deps.accuse("nothing untold", `${id} ended as ${before.status} and nobody was told`);
    this.#known.delete(id);
    this.#byMessageId.delete(known.messageId);
    this.#deps.forget(known.messageId);
  }

  #moved(known: Known, before: Message, after: Message): void {
    const { accuse } = this.#deps;
    const allowed: readonly string[] = NEXT[before.status];
    if (!allowed.includes(after.status)) accuse("no defect", `${known.id}: ${before.status} became ${after.status}`);
    const code = after.timeline.at(-1)?.noteCode;
    if (code !== undefined && RESENDS.includes(code)) known.resends += 1;
    if (code === "resent" && after.onUnknown !== "resend")
      accuse("nothing twice", `${known.id} is sent again, although its caller said ${after.onUnknown}`);
    if (code === "resent") this.#checkResend(known, before);
    if (after.status === "sending" && before.status !== "sending") this.#claimed(known, after);
    if (before.status === "sending" && after.status !== "sending") this.#settled(known, before, after);
    if (after.status === "unknown") {
      if (!known.doubted) this.doubts += 1;
      known.doubted = true;
      if (after.dueAtMs === null) this.#deps.onDoubt(known.id);
    }
    known.told = false;
    known.finalAtMs = null;
    if (isFinal(before)) this.ended[before.status] -= 1;
    if (!isFinal(after)) return;
    this.ended[after.status] += 1;
    this.#ended(known, after);
  }

  /** By then, a search of the sent mail finds a copy, if the scopes allow one and no earlier copy is in its way. */
  #checkResend(known: Known, before: Message): void {
    const server = this.#deps.records().read("mailServers", before.serverId)?.value;
    if (
      server?.transport === "smtp" &&
      known.copies !== null &&
      acceptedIn(before.recipients) === 0 &&
      known.resends === 1
    )
      this.#deps.accuse("nothing twice", `${known.id} is sent again, although it is in the sent mail`);
  }

  #claimed(known: Known, after: Message) {
    const server = this.#deps.records().read("mailServers", after.serverId)?.value;
    if (server === undefined) return this.#deps.accuse("no defect", `${known.id} is claimed without its server`);
    this.limits.claimed(after.serverId, limitsOf(server), {
      id: known.id,
      atMs: after.updatedAtMs,
      recipients: pendingIn(after),
    });
  }

  #settled(known: Known, before: Message, after: Message): void {
    const reached = acceptedIn(after.recipients) - acceptedIn(before.recipients);
    this.limits.settled(before.serverId, known.id, after.status === "unknown" ? null : reached);
  }

  #ended(known: Known, message: Message): void {
    const { accuse, timeline } = this.#deps;
    known.finalAtMs = timeline.nowMs;
    const { id } = known;
    for (const { address, state } of message.recipients) {
      const copies = known.copies?.get(address) ?? 0;
      if (state === "accepted" && MAY_HAVE_REACHED.includes(message.status)) {
        if (copies === 0) accuse("nothing lost", `${id} is ${message.status}, but Gmail has none of it for ${address}`);
      } else if (copies > 0 && !known.doubted) {
        accuse("nothing lost", `${id} is ${message.status}, ${address} is ${state}, but Gmail has it`);
      }
    }
    if (message.status === "failed") this.#failed(known, message);
    if (message.status === "expired" && (message.expiresAtMs ?? Infinity) > timeline.nowMs)
      accuse("nothing lost", `${id} expired before its time`);
    if (message.status === "canceled" && !known.canceled) accuse("nothing lost", `${id} was canceled by nobody`);
  }

  /** Nobody but a recipient that does not exist is refused for good in this world. */
  #failed(known: Known, message: Message): void {
    const problem = message.attempts.at(-1)?.problem ?? null;
    const refused = message.recipients.every(({ address, state }) => state === "accepted" || address.startsWith(GONE));
    const triedMs = this.#deps.timeline.nowMs - (message.firstTriedAtMs ?? Infinity) - message.agelessMs;
    const exhausted = problem === "attempts_exhausted" && triedMs >= 72 * HOUR - MINUTE;
    const gone =
      problem === "server_unavailable" && this.#deps.records().read("mailServers", message.serverId) === undefined;
    if (!refused && !exhausted && !gone && !known.doubted && problem !== "sender_refused")
      this.#deps.accuse("nothing lost", `${known.id} failed too early: ${problem}`);
    this.#deps.onFailed(known.id);
  }

  /** Gmail has taken a message. */
  onTaken(messageId: string, recipients: readonly string[]) {
    const { accuse } = this.#deps;
    const known = this.#byMessageId.get(messageId);
    this.taken += 1;
    if (known === undefined) return accuse("nothing twice", `Gmail took ${messageId}, which is over`);
    const message = this.#deps.records().read("messages", known.id)?.value;
    const marked = message?.status === "unknown" || (message?.status === "sending" && message.phase === "data");
    if (!marked) accuse("marked before it goes out", `${known.id} went out while it was ${message?.status}`);
    known.copies ??= new Map();
    for (const address of recipients) {
      const copies = (known.copies.get(address) ?? 0) + 1;
      known.copies.set(address, copies);
      if (copies > 1 + known.resends) accuse("nothing twice", `${known.id} went to ${address} ${copies} times`);
    }
  }

  /** How many recipients have none of it; a person sees that in the sent mail. */
  missing(id: string): number {
    const message = this.#deps.records().read("messages", id)?.value;
    const copies = this.#known.get(id)?.copies;
    return (message?.recipients ?? []).filter(({ state, address }) => state === "pending" && !copies?.get(address))
      .length;
  }

  onEvent(type: string, id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    const status = this.#deps.records().read("messages", id)?.value.status;
    if (type === "relais.message.sent.v1" && status !== "sent")
      this.#deps.accuse("nothing lost", `${id} is told to be sent while it is ${status}`);
    if (type === `relais.message.${status}.v1` || type === "relais.message.resolved.v1") known.told = true;
  }

  /** Looks at messages some hours after their acceptance, and at what is due longest. */
  #lookAround(): void {
    const { timeline, weather, accuse } = this.#deps;
    const nowMs = timeline.nowMs;
    while ((this.#audits[this.#audited]?.atMs ?? Infinity) <= nowMs) {
      const next = this.#audits[this.#audited];
      this.#audited += 1;
      if (next !== undefined) this.#audit(next.known);
    }
    this.#audits.splice(0, this.#audited);
    this.#audited = 0;
    if (weather.wellForMs < HOUR) return;
    const due = this.#deps.records().find("messagesDue", { upTo: nowMs - HOUR }, { limit: 50 });
    // What a later release has taken is not due for this one.
    const late = due === "bad_cursor" ? undefined : due.items.find(({ value }) => isKnownStatus(value.status));
    if (late !== undefined)
      accuse(
        "no message stuck",
        `${late.id} is ${late.value.status} and due since ${((nowMs - (late.value.dueAtMs ?? 0)) / HOUR).toFixed(1)} h`,
      );
  }

  /**
   * After days in which all was well, everything must have come to its end, unless its server waits for a person, or
   * has used up its day for the first in line: a burst may last longer than the rest.
   */
  checkEnd(): void {
    const records = this.#deps.records();
    const open = [...this.#known.values()].flatMap(({ id }) => {
      const message = records.read("messages", id)?.value;
      return message === undefined || isFinal(message) ? [] : [{ id, message }];
    });
    const firstInLine = new Map<string, Message>();
    for (const { message } of open) {
      const first = firstInLine.get(message.serverId);
      if (waitsForRoom(message) && message.createdAtMs < (first?.createdAtMs ?? Infinity))
        firstInLine.set(message.serverId, message);
    }
    for (const { id, message } of open) {
      const server = records.read("mailServers", message.serverId)?.value;
      if (server === undefined || !canSend(server)) continue;
      const first = waitsForRoom(message) ? firstInLine.get(message.serverId) : undefined;
      const wanted = first && { nowMs: this.#deps.timeline.nowMs, recipients: pendingIn(first) };
      if (wanted !== undefined && !this.limits.dayHasRoom(message.serverId, limitsOf(server), wanted)) continue;
      this.#deps.accuse("no message stuck", `${id} is ${message.status} after days of rest`);
    }
    this.#checkCounts();
  }

  #checkCounts(): void {
    const upTo = this.#deps.timeline.nowMs;
    const tallies = this.#deps.records().find("talliesOf", { scope: ALL_SERVERS, upTo }, { limit: 100 });
    if (tallies === "bad_cursor") throw new Error("no cursor was given");
    const counts = addUp(tallies.items.flatMap(({ value }) => hoursOf(value)).map((one) => ({ ...one, hourMs: 0 })))[0];
    for (const status of ["sent", "failed", "canceled", "expired"] as const) {
      const counted = counts?.counts[status] ?? 0;
      if (counted !== this.ended[status])
        this.#deps.accuse("counted as it was", `${counted} are counted as ${status}, of ${this.ended[status]}`);
    }
  }

  #audit(known: Known) {
    const { timeline, accuse } = this.#deps;
    if (!this.#known.has(known.id)) return;
    const message = this.#deps.records().read("messages", known.id)?.value;
    if (message === undefined) return accuse("nothing lost", `${known.id} has no record`);
    if (known.finalAtMs !== null) {
      const untold = !known.told && timeline.nowMs - known.finalAtMs > AUDIT_AFTER_MS && this.#isWell();
      if (untold) accuse("nothing untold", `${known.id} is ${message.status} and nobody was told`);
      if (known.told) return;
    } else if (isKnownStatus(message.status)) this.#checkProgress(known, message);
    this.#audits.push({ atMs: timeline.nowMs + AUDIT_AFTER_MS, known });
  }

  #isWell(): boolean {
    return this.#deps.weather.wellForMs > AUDIT_AFTER_MS;
  }

  #checkProgress({ id }: Known, message: Message): void {
    const { timeline, accuse } = this.#deps;
    const nowMs = timeline.nowMs;
    const inStateMs = nowMs - message.updatedAtMs;
    const enteredAtMs = message.timeline.at(-1)?.atMs ?? nowMs;
    const idleMs = message.status === "held" || message.status === "unknown" ? nowMs - enteredAtMs : 0;
    const triedMs = message.firstTriedAtMs === null ? 0 : nowMs - message.firstTriedAtMs - message.agelessMs - idleMs;
    if (triedMs > LONGEST_TRY_MS && this.#isWell())
      accuse("no message stuck", `${id} has been tried for ${Math.floor(triedMs / HOUR)} h`);
    const server = this.#deps.records().read("mailServers", message.serverId)?.value;
    const waitsInVain =
      message.status === "queued" ||
      message.status === "sending" ||
      (message.status === "held" &&
        message.because === "reconnect_required" &&
        server !== undefined &&
        canSend(server));
    const sendingMs = nowMs - (this.#sendsSinceMs.get(message.serverId) ?? -Infinity);
    if (waitsInVain && Math.min(inStateMs, sendingMs) > LONGEST_UNDER_WAY_MS && this.#isWell())
      accuse("no message stuck", `${id} is ${message.status} for ${Math.floor(inStateMs / HOUR)} h`);
  }
}
