import type { Principal } from "../../access/records.ts";
import { type Clock, MINUTE } from "../../clock.ts";
import { fieldProblem } from "../../field-problems.ts";
import type { OffersSmtpUtf8 } from "../../google/transports.ts";
import { canSend } from "../../mail-servers/mail-server.ts";
import { noteSmtpUtf8 } from "../../mail-servers/note-smtp-utf8.ts";
import { invalidRequest, type Problem } from "../../problem.ts";
import type { Records } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { traitsOf } from "../../transport.ts";
import type { Mailbox } from "../message.ts";
import type { FirstStatus, StateIn } from "../statuses.ts";
import { type Choice, chooseServer } from "./choose-server.ts";
import type { MessageInput } from "./message-input.ts";

/** When `dispatch-due` looks at a message whose publication was lost, nominal. */
const LOST_PUBLISH_MS = MINUTE;

/** `Plan`: where a message goes and how it begins. */
export interface Plan extends Choice {
  readonly state: StateIn<FirstStatus>;
}

interface Times {
  readonly scheduledAtMs: number | null;
  readonly expiresAtMs: number | null;
}

/** What is wrong with times as the caller gave them (real instants that no time scale touches); undefined where they make sense now. */
export const timesProblem = ({ scheduledAtMs, expiresAtMs }: Times, nowMs: number): Problem | undefined => {
  if (expiresAtMs !== null && expiresAtMs <= nowMs) {
    return invalidRequest(fieldProblem("/expiresAt", "in_past"));
  }
  if (expiresAtMs !== null && scheduledAtMs !== null && expiresAtMs < scheduledAtMs) {
    return invalidRequest(fieldProblem("/expiresAt", "before_schedule"));
  }
  return undefined;
};

/** Queued, and looked at again in a minute: whoever published it may have died before it did. */
export const queuedNow = (clock: Clock): StateIn<"queued"> => ({
  status: "queued",
  dueAtMs: clock.nowMs() + clock.lasting(LOST_PUBLISH_MS),
});

/** `paused` is not looked at here: every claim is stopped by it and holds the message, at no cost to accepting. */
const firstState = (clock: Clock, { server }: Choice, { scheduledAtMs }: Times): StateIn<FirstStatus> => {
  const nowMs = clock.nowMs();
  if (scheduledAtMs !== null && scheduledAtMs > nowMs) {
    return { status: "scheduled", dueAtMs: scheduledAtMs, scheduledAtMs };
  }
  if (canSend(server)) return queuedNow(clock);
  // Due soon nonetheless: the server may be reconnected between our reading it and this message becoming visible to the release.
  const dueAtMs = nowMs + clock.lasting(LOST_PUBLISH_MS);
  return { status: "held", dueAtMs, because: "reconnect_required", sinceMs: nowMs };
};

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

interface PlanDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly offersSmtpUtf8: OffersSmtpUtf8;
}

/** As its EHLO said when it was last heard, else as it says now. Who does not answer is believed to be able: the session tells. */
const takesUtf8 = async (deps: PlanDeps, { id, server }: Choice): Promise<boolean> => {
  if (traitsOf(server.transport).utf8.taken === "never") return false;
  if (server.smtpUtf8 !== undefined) return server.smtpUtf8;
  const offers = await deps.offersSmtpUtf8();
  if (offers !== null) await noteSmtpUtf8(deps.records, id, offers);
  return offers ?? true;
};

/**
 * Addresses with a non-ASCII local part need SMTPUTF8 (RFC 6531). (Non-ASCII domains are no matter: they are in ASCII already.)
 */
const utf8Problem = async (deps: PlanDeps, { content }: MessageInput, choice: Choice): Promise<Problem | undefined> => {
  const foreign = (mailboxes: readonly Mailbox[]) => mailboxes.some(({ address }) => !isAscii(address));
  const list = (["to", "cc", "bcc", "replyTo"] as const).find((name) => foreign(content[name]));
  if (list === undefined || (await takesUtf8(deps, choice))) return undefined;
  return invalidRequest(fieldProblem(`/${list}`, traitsOf(choice.server.transport).utf8.refusal));
};

/**
 * Decides a parsed message: `invalid_request` for times that have passed or addresses its server cannot take, and what `chooseServer`
 * refuses. One read where a server is named by id, one query where it is chosen; an SMTP server that was not heard yet is asked only where an address is beyond ASCII. Throws `Unavailable`.
 */
export const planMessage = async (deps: PlanDeps, principal: Principal, input: MessageInput): Promise<Result<Plan>> => {
  const untimely = timesProblem(input, deps.clock.nowMs());
  if (untimely !== undefined) return fail(untimely);
  const choice = await chooseServer(deps.records, principal, input);
  if (!choice.ok) return choice;
  const unfit = await utf8Problem(deps, input, choice.value);
  return unfit === undefined
    ? ok({ ...choice.value, state: firstState(deps.clock, choice.value, input) })
    : fail(unfit);
};
