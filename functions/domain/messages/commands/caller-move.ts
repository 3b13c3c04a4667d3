import { type AuditedAction, auditWrite } from "../../access/audit.ts";
import { hasPermission, type Principal, principalName } from "../../access/records.ts";
import { changeOnCondition } from "../../change-on-condition.ts";
import { detail } from "../../detail-texts.ts";
import type { Problem } from "../../problem.ts";
import type { Announcement } from "../../publisher.ts";
import type { Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { commitMove } from "../commit-move.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import type { Message, MessageStatus } from "../message.ts";
import { visibleMessage } from "../message-access.ts";
import { publishForDelivery } from "../publish-delivery.ts";
import {
  commandsFor,
  MESSAGE_STATUSES,
  type MessageCommand,
  type MessageIn,
  type StatusFor,
  takesCommand,
} from "../statuses.ts";
import { isUnderstoodMessage } from "../understood.ts";

/** The effect of a caller's command: the message afterwards, and the event that announces it. */
export interface CallerMove {
  readonly after: Message;
  readonly announcement: Announcement | null;
  readonly detail?: AuditedAction["detail"];
}

export interface MoveOrder<C extends MessageCommand> {
  readonly principal: Principal;
  readonly id: string;
  readonly command: C;
  /** Whether this very order was carried out before, so that it must not be again. */
  readonly isRepeated?: (message: Message) => boolean;
  /** Must be pure: it runs again if somebody else moves the message in the meantime. */
  readonly decide: (message: MessageIn<StatusFor<C>>) => Result<CallerMove>;
}

export const wrongStatus = (status: MessageStatus, command: MessageCommand): Problem => {
  const allowed = MESSAGE_STATUSES.filter((one) => commandsFor(one).includes(command));
  return { code: "wrong_status", detail: detail("not_in_status", { status, allowed: allowed.join(", ") }) };
};

/**
 * Writes the message, its audit entry and its event in one commit, then publishes a queued message. A crash in between
 * loses nothing: the tick finds the queued message, the event and a chunked body to erase by their records.
 * Returns undefined if somebody moved the message first.
 */
const perform = async (
  deps: MoveDeps,
  { principal, command }: Pick<MoveOrder<MessageCommand>, "principal" | "command">,
  { before, move }: { readonly before: Versioned<Message>; readonly move: CallerMove },
): Promise<Versioned<Message> | undefined> => {
  const { id } = before;
  const { after, announcement, detail: said } = move;
  const deed = { actor: principalName(principal), action: `message.${command}`, target: id } as const;
  const audit = auditWrite(deps, { ...deed, ...(said && { detail: said }) });
  const saved = await commitMove(deps, before, { after, event: announcement, also: [audit] });
  if (saved !== undefined && after.status === "queued") await publishForDelivery(deps, saved);
  return saved;
};

/**
 * Moves a message at a caller's command. Refuses with `not_found` if the caller may not know of it, `forbidden` if the
 * key lacks `send`, `wrong_status` if its status does not take the command, `newer_version` if a later release wrote it
 * in a shape of its own, and with what `decide` refuses. Throws `Contended`, `Unavailable`.
 */
export const moveByCaller = async <C extends MessageCommand>(
  deps: MoveDeps,
  order: MoveOrder<C>,
): Promise<Result<Versioned<Message>>> => {
  if (!hasPermission(order.principal, "send")) return fail({ code: "forbidden" });
  return changeOnCondition<Result<Versioned<Message>>>(deps, "move a message", async () => {
    const before = await visibleMessage(deps.records, order.principal, order.id);
    if (!before.ok) return before;
    const { value } = before.value;
    if (order.isRepeated?.(value)) return before;
    if (!takesCommand(value, order.command)) return fail(wrongStatus(value.status, order.command));
    const move = order.decide(value);
    if (!move.ok) return move;
    if (!isUnderstoodMessage(value)) return fail({ code: "newer_version" });
    const saved = await perform(deps, order, { before: before.value, move: move.value });
    return saved === undefined ? "contended" : ok(saved);
  });
};
