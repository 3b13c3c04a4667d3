import type { Principal } from "../../access/records.ts";
import { type Clock, MINUTE } from "../../clock.ts";
import { fieldProblem } from "../../field-problems.ts";
import type { OffersSmtpUtf8 } from "../../google/transports.ts";
import { canSend } from "../../mail-servers/mail-server.ts";
import { noteSmtpUtf8 } from "../../mail-servers/note-smtp-utf8.ts";
import { type FieldProblem, invalidRequest, type Problem } from "../../problem.ts";
import type { Records } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { traitsOf } from "../../transport.ts";
import type { Mailbox } from "../message.ts";
import type { FirstStatus, StateIn } from "../statuses.ts";
import { type ChosenServer, chooseServer } from "./choose-server.ts";
import type { MessageInput } from "./message-input.ts";
import type { RawInput } from "./raw-input.ts";
import { beyondEnvelope } from "./raw-mail.ts";

/** When `dispatch-due` looks at a message whose publication was lost, nominal. */
const LOST_PUBLISH_MS = MINUTE;

/** Through which server a message goes, and the state in which it begins. */
export interface MessagePlan extends ChosenServer {
  readonly state: StateIn<FirstStatus>;
}

export type AnyInput = MessageInput | RawInput;

interface Times {
  readonly scheduledAtMs: number | null;
  readonly expiresAtMs: number | null;
}

/** Finds what is wrong with the caller's times, which are real instants; the time scale does not apply to them. */
export const timesProblem = ({ scheduledAtMs, expiresAtMs }: Times, nowMs: number): Problem | undefined => {
  if (expiresAtMs !== null && expiresAtMs <= nowMs) {
    return invalidRequest(fieldProblem("/expiresAt", "in_past"));
  }
  if (expiresAtMs !== null && scheduledAtMs !== null && expiresAtMs < scheduledAtMs) {
    return invalidRequest(fieldProblem("/expiresAt", "before_schedule"));
  }
  return undefined;
};

/** The queued state. It is due in a minute, because its worker may die before it publishes the id. */
export const queuedNow = (clock: Clock): StateIn<"queued"> => ({
  status: "queued",
  dueAtMs: clock.nowMs() + clock.lasting(LOST_PUBLISH_MS),
});

/** Waits for the caller's time while it lies ahead; otherwise the message is queued now. */
export const scheduledOrQueued = (clock: Clock, scheduledAtMs: number | null): StateIn<"scheduled" | "queued"> =>
  scheduledAtMs !== null && scheduledAtMs > clock.nowMs()
    ? { status: "scheduled", dueAtMs: scheduledAtMs, scheduledAtMs }
    : queuedNow(clock);

/** `paused` is not checked here: each claim checks it and holds the message, so accepting need not read it. */
const firstState = (clock: Clock, { server }: ChosenServer, { scheduledAtMs }: Times): StateIn<FirstStatus> => {
  const state = scheduledOrQueued(clock, scheduledAtMs);
  if (state.status === "scheduled" || canSend(server)) return state;
  const nowMs = clock.nowMs();
  // It is due soon: a reconnect between our read of the server and this write would release nothing.
  const dueAtMs = nowMs + clock.lasting(LOST_PUBLISH_MS);
  return { status: "held", dueAtMs, because: "reconnect_required", sinceMs: nowMs };
};

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

interface PlanDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly offersSmtpUtf8: OffersSmtpUtf8;
}

/** If the server does not answer, assume support; the SMTP session will tell us otherwise. */
const takesUtf8 = async (deps: PlanDeps, { id, server }: ChosenServer): Promise<boolean> => {
  if (traitsOf(server.transport).utf8.taken === "never") return false;
  if (server.smtpUtf8 !== undefined) return server.smtpUtf8;
  const offers = await deps.offersSmtpUtf8();
  if (offers !== null) await noteSmtpUtf8(deps.records, id, offers);
  return offers ?? true;
};

/**
 * Finds what needs SMTPUTF8: addresses with a non-ASCII local part (RFC 6531; domains are in ASCII already) and, over
 * SMTP, a header that is not in ASCII (RFC 6532). What Relais composes has none.
 */
const findUtf8 = (input: AnyInput, { utf8, sendsTo }: ReturnType<typeof traitsOf>): FieldProblem | undefined => {
  const foreign = (mailboxes: readonly Mailbox[]) => mailboxes.some(({ address }) => !isAscii(address));
  if ("raw" in input) {
    if (!input.recipients.every(isAscii)) return fieldProblem("/envelope/to", utf8.refusal);
    const header = sendsTo === "envelope" && input.raw.headerIsUtf8;
    return header ? fieldProblem("/raw", "raw_needs_smtp_utf8") : undefined;
  }
  const list = (["to", "cc", "bcc", "replyTo"] as const).find((name) => foreign(input.content[name]));
  return list === undefined ? undefined : fieldProblem(`/${list}`, utf8.refusal);
};

const utf8Problem = async (deps: PlanDeps, input: AnyInput, choice: ChosenServer): Promise<Problem | undefined> => {
  const found = findUtf8(input, traitsOf(choice.server.transport));
  return found === undefined || (await takesUtf8(deps, choice)) ? undefined : invalidRequest(found);
};

/** A transport that sends to everyone in the header cannot send a composed mail to only some of them. */
const envelopeProblem = (input: AnyInput, { server }: ChosenServer): Problem | undefined =>
  "raw" in input && traitsOf(server.transport).sendsTo === "header"
    ? beyondEnvelope(input.raw.shown, input.recipients)
    : undefined;

/**
 * Chooses a parsed message's server and first state. Refuses with `invalid_request` if its times have passed or its
 * server cannot take an address, with `envelope_unsupported` if the server would send a composed mail to more than its
 * envelope, and with what `chooseServer` refuses. It asks the SMTP server for its extensions only
 * if an address is not ASCII and no earlier session has shown them. Throws `Unavailable`.
 */
export const planMessage = async (
  deps: PlanDeps,
  principal: Principal,
  input: AnyInput,
): Promise<Result<MessagePlan>> => {
  const untimely = timesProblem(input, deps.clock.nowMs());
  if (untimely !== undefined) return fail(untimely);
  const choice = await chooseServer(deps.records, principal, input);
  if (!choice.ok) return choice;
  const unfit = envelopeProblem(input, choice.value) ?? (await utf8Problem(deps, input, choice.value));
  return unfit === undefined
    ? ok({ ...choice.value, state: firstState(deps.clock, choice.value, input) })
    : fail(unfit);
};
