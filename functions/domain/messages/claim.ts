import { MINUTE, SECOND } from "../clock.ts";
import { canSend, type MailServer } from "../mail-servers/mail-server.ts";
import type { Versioned, Write } from "../records.ts";
import { readSettings } from "../settings/read-settings.ts";
import type { Settings } from "../settings/settings.ts";
import type { MoveDeps } from "./delivery-deps.ts";
import { finished, saveMove } from "./finish.ts";
import { held } from "./hold.ts";
import { reserve } from "./limits.ts";
import type { Attempt, Message } from "./message.ts";
import { messageEvent } from "./message-events.ts";
import { isIn, type MessageIn, moveTo, pendingRecipients } from "./moves.ts";
import { triedLongEnough } from "./retry-policy.ts";

/** Longer than the function that delivers may run (300 s), so that a lease expires only under a worker that is gone. Nominal. */
const LEASE_MS = 6 * MINUTE;
/** Time-outs of the network are never scaled below a second each; the lease has to outlast some of them. */
const SHORTEST_LEASE_MS = 5 * SECOND;
const TRIES = 12;

export const leaseEndMs = ({ clock }: Pick<MoveDeps, "clock">): number =>
  clock.nowMs() + Math.max(clock.lasting(LEASE_MS), SHORTEST_LEASE_MS);

export interface Claim {
  readonly message: Versioned<Message> & { readonly value: MessageIn<"sending"> };
  readonly server: { readonly id: string; readonly value: MailServer };
  readonly settings: Settings;
  /** What the ledger was charged, and when. */
  readonly counted: { readonly atMs: number; readonly recipients: number };
}

/** What a worker that died without a mark leaves behind among the attempts. */
export const cutShort = (nowMs: number): Attempt => ({
  atMs: nowMs,
  outcome: "deferred",
  smtp: null,
  problem: "timed_out",
});

/**
 * May this state be taken now? Everything else is final, set aside for later, or somebody's already (an expired lease is for `dispatch-due` to end):
 * a repeated push ends here.
 */
const claimable = (message: Message, nowMs: number): boolean => {
  if (message.status === "queued") return true;
  return isIn(message, "scheduled", "deferred") && message.dueAtMs <= nowMs;
};

interface Scene {
  readonly message: Versioned<Message>;
  readonly server: Versioned<MailServer> | undefined;
  readonly settings: Settings;
}

/** Why it must not be tried now: the message as it then stands, and the event to announce. Null: nothing is in the way. */
const obstacle = (
  deps: MoveDeps,
  scene: Scene,
): { readonly after: Message; readonly event: "held" | "failed" | "expired" } | null => {
  const { message, server, settings } = scene;
  const nowMs = deps.clock.nowMs();
  const end = { nowMs, retentionDays: settings.retentionDays };
  const attempt = (outcome: "failed" | "held", problem: string): Attempt => ({
    atMs: nowMs,
    outcome,
    smtp: null,
    problem,
  });
  const { value } = message;
  if (value.expiresAtMs !== null && value.expiresAtMs <= nowMs) {
    return { after: finished(deps.clock, value, { status: "expired", ...end }), event: "expired" };
  }
  if (triedLongEnough(value, deps.clock)) {
    const last = attempt("failed", "attempts_exhausted");
    return { after: finished(deps.clock, value, { status: "failed", ...end, attempt: last }), event: "failed" };
  }
  if (server === undefined) {
    const last = attempt("failed", "server_unavailable");
    return { after: finished(deps.clock, value, { status: "failed", ...end, attempt: last }), event: "failed" };
  }
  if (settings.paused || !server.value.active) {
    return { after: held(deps.clock, value, { because: "paused", problem: "paused" }), event: "held" };
  }
  if (!canSend(server.value)) {
    const problem = server.value.connection.state === "not_connected" ? "not_connected" : "reconnect_required";
    return { after: held(deps.clock, value, { because: "reconnect_required", problem }), event: "held" };
  }
  return null;
};

/** The message as claimed. The fence grows because every claim ends in an attempt that is written down, be it as cut short. */
const claimed = (deps: MoveDeps, message: Message, nowMs: number): MessageIn<"sending"> => {
  const after = moveTo(
    message,
    { status: "sending", phase: "claimed", fence: message.attempts.length + 1, dueAtMs: leaseEndMs(deps) },
    { nowMs, facts: { firstTriedAtMs: message.firstTriedAtMs ?? nowMs } },
  );
  if (!isIn(after, "sending")) throw new Error("a claimed message is sending");
  return after;
};

const setAside = async (
  deps: MoveDeps,
  before: Versioned<Message>,
  { after, event }: NonNullable<ReturnType<typeof obstacle>>,
): Promise<boolean> => {
  const saved = await saveMove(deps, before, after);
  if (saved !== undefined) await deps.announce(messageEvent(`relais.message.${event}.v1`, before.id, after));
  return saved !== undefined;
};

/** One try of the claim: `lost` when somebody wrote in between. */
const tryClaim = async (deps: MoveDeps, message: Versioned<Message>): Promise<Claim | "set_aside" | "lost"> => {
  const [server, settings] = await Promise.all([
    deps.records.get("mailServers", message.value.serverId),
    readSettings(deps.records, deps.environment),
  ]);
  const found = obstacle(deps, { message, server, settings: settings.value });
  if (found !== null || server === undefined) {
    return found !== null && (await setAside(deps, message, found)) ? "set_aside" : "lost";
  }
  const counted = { atMs: deps.clock.nowMs(), recipients: pendingRecipients(message.value).length };
  const room = await reserve(deps, server, counted);
  if (room.kind === "full") {
    const hold = { because: "limit_reached", problem: "limit_reached", untilMs: room.untilMs } as const;
    const after = held(deps.clock, message.value, hold);
    return (await setAside(deps, message, { after, event: "held" })) ? "set_aside" : "lost";
  }
  const value = claimed(deps, message.value, counted.atMs);
  const { id, version } = message;
  // Message and ledger in one commit: neither a claim that was not counted nor a count without its claim.
  const writes: Write[] = [{ op: "replace", kind: "messages", id, version, value }, room.write];
  const outcome = await deps.records.commit(writes);
  if (!outcome.done) return "lost";
  if (room.warn) {
    await deps.announce({ type: "relais.server.quota_warning.v1", subject: server.id, data: { server: server.id } });
  }
  return { message: { id, value, version: outcome.versions[0] ?? "" }, server, settings: settings.value, counted };
};

/**
 * Takes a message for sending, under a lease. Undefined: there is nothing to do, or it was set aside (held, expired, failed), which is written down
 * and announced. Throws `Unavailable`.
 */
export const claimMessage = async (deps: MoveDeps, id: string): Promise<Claim | undefined> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const message = await deps.records.get("messages", id);
    if (message === undefined || !claimable(message.value, deps.clock.nowMs())) return undefined;
    const claim = await tryClaim(deps, message);
    if (claim === "set_aside") return undefined;
    if (claim !== "lost") return claim;
    // The ledger is what workers of one server contend for; apart in time they pass.
    await deps.clock.sleep(deps.clock.lasting(20 + deps.random.fraction() * 50 * (tries + 1)));
  }
  // Still queued: `dispatch-due` publishes it again.
  deps.log.warn("claim_contended", { message: id });
  return undefined;
};
