import { dispatchPart } from "../../../functions/domain/messages/due/dispatch.ts";
import { dispatchInParts, partIn } from "../../../functions/domain/messages/due/fan-out.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { counting, NO_COUNTS } from "../../builders/counted-records.ts";
import { acceptedMessage, delivery } from "../../builders/delivery.ts";
import { MemoryRecords } from "../../simulator/memory-records.ts";
import type { Section } from "./section.ts";

const SERVERS = 100;

/** Dispatches so many messages that are due at once. Returns what it cost, and how many were published. */
const dispatchAll = async (count: number) => {
  const counts = { ...NO_COUNTS };
  const stack = await delivery(counting(new MemoryRecords(undefined, 10_000), counts));
  const limits = { perMinute: count, perDay: count };
  for (let n = 0; n < SERVERS; n += 1) await stack.setServer({ limits }, `srv_${n}`);
  for (let n = 0; n < count; n += 1) {
    const at = { status: "scheduled", dueAtMs: stack.clock.nowMs(), serverId: `srv_${n % SERVERS}` } as const;
    const value = { ...acceptedMessage(stack.clock, `msg_${n}`), ...at } as Message;
    await stack.deps.records.commit([{ op: "create", kind: "messages", id: `msg_${n}`, value }]);
  }
  Object.assign(counts, NO_COUNTS);
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
  await dispatchInParts(deps);
  for (const one of parts.map(partIn)) if (one !== undefined) await dispatchPart(deps, one);
  return { count, ...counts, publications, pushes: parts.length, sent: sent.size };
};

/** Everything is due at once. */
export const due: Section = {
  title: "What is due",
  size: { of: "messages", usual: 100_000 },
  run: async (messages) => {
    const runs = [await dispatchAll(Math.ceil(messages / 4)), await dispatchAll(messages)];
    const perMessage = (all: number, count: number): number => all / count;
    const faults = runs.flatMap(({ count, sent }) => (sent === count ? [] : [`${sent} of ${count} were published`]));
    const [few, many] = runs;
    if (few !== undefined && many !== undefined)
      for (const what of ["reads", "writes", "publications"] as const)
        if (perMessage(many[what], many.count) > 1.02 * perMessage(few[what], few.count))
          faults.push(`${what} grow faster than the messages`);
    const rows = runs.map(
      ({ count, reads, writes, publications, pushes }) =>
        `| ${count} | ${[reads, writes, publications].map((all) => perMessage(all, count).toFixed(3)).join(" | ")} | ${pushes} |`,
    );
    const text = `All messages of ${SERVERS} servers are due at once, and the tick and its parts dispatch them: what the store and the topics are asked, a message.

| messages | reads | writes | publications | pushes in all |
|---|---|---|---|---|
${rows.join("\n")}`;
    return { text, faults };
  },
};
