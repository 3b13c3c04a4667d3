import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { Message } from "../../../functions/domain/messages/message.ts";
import type { RecordKind } from "../../../functions/domain/record-kinds.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { acceptedMessage } from "../../builders/delivery.ts";

/** Records as a later release writes them. The types of this release do not allow them, so they are made only here. */
export type Members = Readonly<Record<string, unknown>>;

/** Stores a record, whatever is there. */
export const plant = async <K extends RecordKind>(
  { records }: Pick<System, "records">,
  place: { readonly kind: K; readonly id: string },
  value: Members,
): Promise<void> => {
  const write = { op: "put", ...place, value } as unknown as Parameters<System["records"]["commit"]>[0][number];
  assert.ok((await records.commit([write])).done);
};

export const stored = async <K extends RecordKind>(
  { records }: Pick<System, "records">,
  { kind, id }: { readonly kind: K; readonly id: string },
): Promise<Members> => {
  const found = await records.get(kind, id);
  assert.ok(found, `${kind} ${id} is there`);
  return found.value as unknown as Members;
};

const KNOWN = /^(queued|scheduled|held|sending|deferred|unknown|sent|failed|canceled|expired)$/;
/** A word that no table of this release contains. */
export const laterWord = fc
  .stringMatching(/^[a-z][a-z_]{2,19}$/)
  .filter((word) => !KNOWN.test(word))
  .map((word) => `${word}_later`);

const state = (status: string, more: Members = {}): Members => ({ status, dueAtMs: 1, ...more });
const held = state("held", { because: "reconnect_required", sinceMs: 1 });
const anyState = fc.constantFrom(
  state("queued"),
  state("scheduled", { scheduledAtMs: 1 }),
  held,
  state("held", { because: "limit_reached", sinceMs: 1 }),
  state("sending", { phase: "claimed", fence: 1 }),
  state("sending", { phase: "data", fence: 1 }),
  state("deferred"),
  state("unknown", { lookups: 0, sinceMs: 1 }),
  state("failed", { finalAtMs: 1 }),
  state("sent", { finalAtMs: 1 }),
);

/** What a later release may write in a message, so that this one must leave it alone. */
export const laterMessage: fc.Arbitrary<Members> = fc.oneof(
  laterWord.map((status) => state(status)),
  fc.tuple(anyState, fc.integer({ min: 2, max: 99 })).map(([at, recordVersion]) => ({ ...at, recordVersion })),
  fc.tuple(anyState, laterWord).map(([at, recordVersion]) => ({ ...at, recordVersion })),
  laterWord.map((because) => ({ ...held, because })),
  laterWord.map((phase) => state("sending", { phase, fence: 1 })),
  fc.tuple(anyState, laterWord).map(([at, kind]) => ({ ...at, body: { kind, where: "elsewhere" } })),
  fc.tuple(anyState, laterWord).map(([at, word]) => ({
    ...at,
    recipients: [
      { address: "b@example.org", kind: "to", state: "pending", reply: null },
      { address: "c@example.org", kind: "to", state: word, reply: null },
    ],
  })),
);

/** A message that Relais accepted and that has been due for a long while, with these changes. */
export const messageOf = ({ clock }: Pick<System, "clock">, id: string, changes: Members): Members => {
  const message = acceptedMessage({ nowMs: clock.nowMs } as never, id, ["b@example.org"]);
  const { status, dueAtMs: _, ...facts } = message as Message & Members;
  return { ...facts, status, dueAtMs: 1, ...changes };
};

const json = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer()), fc.object());

/** Members whose own members belong to the callers, not to us. */
const FOREIGN_MAPS = /^(tags|pins|noteParams|json)$/;

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The record with one more member in each of its objects, each with a name of its own. */
export const decorated = (value: unknown, extra: unknown, path = "top"): unknown => {
  if (Array.isArray(value)) return value.map((one, at) => decorated(one, extra, `${path}_${at}`));
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [
    name,
    FOREIGN_MAPS.test(name) ? member : decorated(member, extra, `${path}_${name}`),
  ]);
  return { ...Object.fromEntries(members), [`later_${path}`]: extra };
};

export const extraValue: fc.Arbitrary<unknown> = json.map((value) => JSON.parse(JSON.stringify(value ?? null)));

/**
 * Places where `before` has a member of a later release that `after` lacks, although the object that held it still
 * exists.
 */
export const lostFrom = (before: unknown, after: unknown, path = ""): readonly string[] => {
  if (Array.isArray(before)) {
    const kept = Array.isArray(after) ? after : [];
    return before.flatMap((one, at) => (at < kept.length ? lostFrom(one, kept[at], `${path}/${at}`) : []));
  }
  if (!isObject(before) || !isObject(after)) return [];
  return Object.entries(before).flatMap(([name, member]) =>
    name.startsWith("later_")
      ? isDeepStrictEqual(member, after[name])
        ? []
        : [`${path}/${name}`]
      : lostFrom(member, after[name], `${path}/${name}`),
  );
};
