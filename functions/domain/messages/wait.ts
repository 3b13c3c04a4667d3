import type { Clock } from "../clock.ts";
import type { Records, Versioned } from "../records.ts";
import type { Message, MessageStatus } from "./message.ts";

/** The statuses that end a wait: nothing more happens by itself soon. `deferred` is waited on. */
const ENDS: readonly MessageStatus[] = ["sent", "failed", "canceled", "expired", "held", "unknown"];

export const isWorthAnswering = ({ value }: Versioned<Message>): boolean => ENDS.includes(value.status);

const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 1_000;
/** RFC 7240 §4.3; Hosting ends a request at 60 s. */
export const LONGEST_WAIT_S = 50;

/**
 * `wait=N` of a `Prefer` header (RFC 7240), in whole seconds; more than 50 is taken as 50, as a preference may be; null where there is
 * none that can be read, which that RFC has us pass over (§2).
 */
export const preferredWaitS = (prefer: string | undefined): number | null => {
  const preferences = (prefer ?? "").split(",").map((preference) => preference.split(";")[0]?.trim() ?? "");
  const wait = preferences.map((preference) => /^wait\s*=\s*"?(\d{1,9})"?$/i.exec(preference)?.[1]);
  const seconds = wait.find((text) => text !== undefined);
  return seconds === undefined ? null : Math.min(Number(seconds), LONGEST_WAIT_S);
};

/**
 * Watches a message until its status ends the wait, so many real seconds have passed (no time scale touches them), or the caller has gone. Answers
 * the message as last seen. Throws `Unavailable`.
 */
export const watchMessage = async (
  deps: { readonly records: Records; readonly clock: Clock },
  message: Versioned<Message>,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<Versioned<Message>> => {
  const endMs = deps.clock.nowMs() + seconds * 1_000;
  let seen = message;
  for (let lookMs = FIRST_LOOK_MS; !isWorthAnswering(seen); lookMs = Math.min(lookMs * 1.5, LONGEST_LOOK_MS)) {
    const leftMs = endMs - deps.clock.nowMs();
    if (leftMs <= 0 || signal.aborted) break;
    await deps.clock.sleep(Math.min(lookMs, leftMs), signal);
    seen = (await deps.records.get("messages", message.id)) ?? seen;
  }
  return seen;
};
