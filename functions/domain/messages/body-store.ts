import { conditionalWrite } from "../change-on-condition.ts";
import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import { listRecords } from "../every-record.ts";
import type { Randomness } from "../randomness.ts";
import type { Records, Versioned, Write } from "../records.ts";
import type { BodyChunk, MessageBody, StoredBody } from "./message.ts";
import { isUnderstoodMessage } from "./understood.ts";

/** Up to here a body lies in the message's own record, which every claim and settle reads and writes: no larger. */
const LARGEST_INLINE_BYTES = 100 * 1024;
/** A record stays under 900 KiB, counted in UTF-8. */
const CHUNK_BYTES = 850_000;
/** A commit ends at 10 MiB in Firestore, at 4 MiB in its emulator. */
const CHUNKS_A_COMMIT = 4;
const DELETES_A_COMMIT = 20;
const CHUNKS_READ_AT_ONCE = 4;
/** Far longer than any request lives between its first chunk and the record that names it. Nominal. */
const SWEEP_AFTER_MS = HOUR;
/** However the time is scaled: longer than a request lives. */
const SHORTEST_SWEEP_MS = 5 * MINUTE;

/** A body that a message names is looked at again from time to time: its record may go before it (`retentionDays`, a store put back). Nominal. */
const SWEEP_AGAIN_MS = DAY;

const markerId = (set: string): string => `${set}.marker`;
const chunkId = (set: string, index: number): string => `${set}.${index}`;

/** Cuts UTF-8 into pieces of at most `size` bytes, never within a character (continuation bytes are 10xxxxxx, RFC 3629 §3). */
const cutText = (bytes: Buffer, size: number): readonly string[] => {
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(start + size, bytes.length);
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
    pieces.push(bytes.toString("utf8", start, end));
    start = end;
  }
  return pieces;
};

const groupsOf = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

interface StoreDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Randomness;
}

/** Whether a body is too large to lie in the record itself, and what is kept of it either way. */
export type PackedBody =
  | { readonly kind: "inline"; readonly json: string }
  | { readonly kind: "large"; readonly json: Buffer };

export const packBody = (body: MessageBody): PackedBody => {
  const json = JSON.stringify(body);
  if (Buffer.byteLength(json) <= LARGEST_INLINE_BYTES) return { kind: "inline", json };
  return { kind: "large", json: Buffer.from(json) };
};

/**
 * Keeps a body. A large one is written here, before the record that points to it: a crash in between leaves chunks that nobody points
 * to, never a message without its body. Throws `Unavailable`.
 */
export const storeBody = async (deps: StoreDeps, messageId: string, body: PackedBody): Promise<StoredBody> => {
  if (body.kind === "inline") return body;
  const set = deps.random.token(12);
  const createdAtMs = deps.clock.nowMs();
  const pieces = cutText(body.json, CHUNK_BYTES);
  const writes = pieces.map(
    (text, index): Write => ({
      op: "put",
      kind: "bodyChunks",
      id: chunkId(set, index),
      value: { messageId, index, text, createdAtMs },
    }),
  );
  const marker: Write = {
    op: "put",
    kind: "bodyChunks",
    id: markerId(set),
    value: {
      messageId,
      index: pieces.length,
      text: "",
      createdAtMs,
      sweepAtMs: createdAtMs + Math.max(SHORTEST_SWEEP_MS, deps.clock.lasting(SWEEP_AFTER_MS)),
    },
  };
  for (const [at, group] of groupsOf(writes, CHUNKS_A_COMMIT).entries()) {
    await deps.records.commit(at === 0 ? [marker, ...group] : group);
  }
  return { kind: "chunks", count: pieces.length, set };
};

/** The body of a message; null once it was erased. Throws `Unavailable`, and on a missing chunk, which is a defect. */
export const readBody = async (
  deps: { readonly records: Records },
  message: { readonly body: StoredBody },
): Promise<MessageBody | null> => {
  const { body } = message;
  if (body.kind === "erased") return null;
  if (body.kind === "inline") return JSON.parse(body.json);
  const texts: string[] = [];
  const indexes = Array.from({ length: body.count }, (_, index) => index);
  // A few at a time: a read of all of them at once would have each wait for the whole, past the store's time limit on a busy machine.
  for (const group of groupsOf(indexes, CHUNKS_READ_AT_ONCE)) {
    const chunks = await Promise.all(group.map((index) => deps.records.get("bodyChunks", chunkId(body.set, index))));
    for (const [at, chunk] of chunks.entries()) {
      if (chunk === undefined) throw new Error(`chunk ${group[at]} of ${body.count} of a message body is missing`);
      texts.push(chunk.value.text);
    }
  }
  return JSON.parse(texts.join(""));
};

/**
 * Destroys the chunks of a body; nothing to do for an inline one, which goes with the write that sets `body` to `erased`. Idempotent.
 * Order for the crash in between: first make the message final (its body still named, `dueAtMs` set), then call this, then write
 * `{ kind: "erased" }` with `dueAtMs: null`; whoever finds a final message due does the rest again. Throws `Unavailable`.
 */
export const eraseBody = async (
  deps: { readonly records: Records },
  message: { readonly body: StoredBody },
): Promise<void> => {
  const { body } = message;
  if (body.kind !== "chunks") return;
  const deletes = Array.from(
    { length: body.count },
    (_, index): Write => ({ op: "delete", kind: "bodyChunks", id: chunkId(body.set, index) }),
  );
  // The marker last: what is cut off here is found by it.
  const all: readonly Write[] = [...deletes, { op: "delete", kind: "bodyChunks", id: markerId(body.set) }];
  for (const group of groupsOf(all, DELETES_A_COMMIT)) await deps.records.commit(group);
};

const SWEEP_PAGE = 50;

interface SweepDeps {
  readonly records: Records;
  readonly clock: Pick<Clock, "nowMs" | "lasting">;
}

const sweepOne = async (deps: SweepDeps, marker: Versioned<BodyChunk>): Promise<void> => {
  const { messageId, index: count } = marker.value;
  const set = marker.id.slice(0, marker.id.lastIndexOf("."));
  const message = (await deps.records.get("messages", messageId))?.value;
  // A later release may name its bodies in a way of its own.
  const isLater = message !== undefined && !isUnderstoodMessage(message);
  const isNamed = isLater || (message?.body.kind === "chunks" && message.body.set === set);
  // Not named: the writer died before the record, another request with the same key was first, or the record has gone.
  if (!isNamed) return eraseBody(deps, { body: { kind: "chunks", count, set } });
  // On condition that the body was not erased meanwhile, marker and all.
  const value = { ...marker.value, sweepAtMs: deps.clock.nowMs() + deps.clock.lasting(SWEEP_AGAIN_MS) };
  await deps.records.commit([conditionalWrite("bodyChunks", marker, value)]);
};

/** Erases bodies that no message names. Safe to repeat, and to run twice at once. Answers how many sets were looked at. Throws `Unavailable`. */
export const sweepBodies = async (deps: SweepDeps): Promise<number> => {
  const markers = await listRecords(deps.records, "bodiesToSweep", { upTo: deps.clock.nowMs() }, { most: SWEEP_PAGE });
  for (const marker of markers) await sweepOne(deps, marker);
  return markers.length;
};
