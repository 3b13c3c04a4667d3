import { dispatchPart } from "../../functions/domain/messages/due/dispatch.ts";
import { dispatchInParts, partIn } from "../../functions/domain/messages/due/fan-out.ts";
import type { Message } from "../../functions/domain/messages/message.ts";
import type { Records, Write } from "../../functions/domain/records.ts";
import { acceptedMessage, delivery } from "./delivery.ts";

export interface DueMessages {
  readonly count: number;
  readonly servers: number;
  /** How many of them the tick dispatches by itself, if not as many as in production. */
  readonly mostAlone?: number | undefined;
  /** Called between their creation and the tick. */
  readonly ready?: () => void;
}

/** As many writes as a commit takes. */
const A_COMMIT = 20;

/**
 * Schedules messages of several servers for the same time, and dispatches them by a tick and the runs that it asks for.
 */
export const dispatchDueMessages = async (
  records: Records,
  { count, servers, mostAlone, ready = () => undefined }: DueMessages,
) => {
  const stack = await delivery(records);
  const limits = { perMinute: count, perDay: count };
  for (let n = 0; n < servers; n += 1) await stack.setServer({ limits }, `srv_${n}`);
  const writes = Array.from({ length: count }, (_, n): Write => {
    const at = { status: "scheduled", dueAtMs: stack.clock.nowMs(), serverId: `srv_${n % servers}` } as const;
    const value = { ...acceptedMessage(stack.clock, `msg_${n}`), ...at } as Message;
    return { op: "create", kind: "messages", id: `msg_${n}`, value };
  });
  for (let at = 0; at < count; at += A_COMMIT) await records.commit(writes.slice(at, at + A_COMMIT));
  ready();
  const parts: unknown[] = [];
  const sent = new Set<string>();
  let publications = 0;
  const publish = async (topic: string, { data }: { readonly data: unknown }): Promise<void> => {
    publications += 1;
    const { part, id } = data as { readonly part?: unknown; readonly id?: string };
    if (topic === "mail-dispatch") parts.push(part);
    if (topic === "mail-send" && id !== undefined) sent.add(id);
  };
  const deps = { ...stack.deps, publisher: { publish } };
  await dispatchInParts(deps, mostAlone);
  for (const one of parts.map(partIn)) if (one !== undefined) await dispatchPart(deps, one);
  return { publications, pushes: parts.length, sent: sent.size };
};
