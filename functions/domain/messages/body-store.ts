import { conditionalWrite } from "../change-on-condition.ts";
import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import { listRecords } from "../every-record.ts";
import type { Randomness } from "../randomness.ts";
import type { Records, Versioned, Write } from "../records.ts";
import type { BodyChunk, MessageBody, StoredBody } from "./message.ts";
import { isUnderstoodMessage } from "./understood.ts";

/** Larger bodies are stored apart, because every claim and settle reads and writes the message's own record. */
const LARGEST_INLINE_BYTES = 100 * 1024;
/** A record must stay under 900 KiB in UTF-8. */
const CHUNK_BYTES = 850_000;
/** A commit may have 10 MiB in Firestore, and 4 MiB in its emulator. */
const CHUNKS_A_COMMIT = 4;
const DELETES_A_COMMIT = 20;
const CHUNKS_READ_AT_ONCE = 4;
/** Far longer than a request takes from its first chunk to the record that names it. Nominal. */
const SWEEP_AFTER_MS = HOUR;
/** Longer than a request takes in real time, whatever the time scale. */
const SHORTEST_SWEEP_MS = 5 * MINUTE;

/** A named body is checked again, since its record may be deleted first (retention, a restored store). Nominal. */
const SWEEP_AGAIN_MS = DAY;

const markerId = (set: string): string => `${set}.marker`;
const chunkId = (set: string, index: number): string => `${set}.${index}`;

/** Cuts UTF-8 into pieces of at most `size` bytes between characters (continuation bytes are 10xxxxxx, RFC 3629). */
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

/** A body ready for storage, either in the record itself or, if it is too large, in chunks. */
export type PackedBody =
  | { readonly kind: "inline"; readonly json: string }
  | { readonly kind: "large"; readonly json: Buffer };

export const packBody = (body: MessageBody): PackedBody => {
  const json = JSON.stringify(body);
  if (Buffer.byteLength(json) <= LARGEST_INLINE_BYTES) return { kind: "inline", json };
  return { kind: "large", json: Buffer.from(json) };
};

/**
 * Stores a body. A large one is written before the record that names it: a crash in between leaves chunks that nothing
 * names, never a message without its body. Throws `Unavailable`.
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

/** Reads the body of a message; null once it is erased. Throws `Unavailable`, or an error if a chunk is missing. */
export const readBody = async (
  deps: { readonly records: Records },
  message: { readonly body: StoredBody },
): Promise<MessageBody | null> => {
  const { body } = message;
  if (body.kind === "erased") return null;
  if (body.kind === "inline") return JSON.parse(body.json);
  const texts: string[] = [];
  const indexes = Array.from({ length: body.count }, (_, index) => index);
  // Read a few at a time: if all were read at once, each could exceed the store's time limit on a busy machine.
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
 * Deletes the chunks of a body, and does nothing for an inline one. Idempotent. To survive a crash, first make the
 * message final (with its body named and `dueAtMs` set), then call this, then write `{ kind: "erased" }` with
 * `dueAtMs: null`; a final message that is due is erased again. Throws `Unavailable`.
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
  // Delete the marker last: it finds what an interrupted deletion leaves behind.
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
  // A later release may name its bodies in another way.
  const isLater = message !== undefined && !isUnderstoodMessage(message);
  const isNamed = isLater || (message?.body.kind === "chunks" && message.body.set === set);
  // Nothing names it: its writer died too early, another request with this key was first, or the record is gone.
  if (!isNamed) return eraseBody(deps, { body: { kind: "chunks", count, set } });
  // The write is conditional, because the body may have been erased in the meantime with its marker.
  const value = { ...marker.value, sweepAtMs: deps.clock.nowMs() + deps.clock.lasting(SWEEP_AGAIN_MS) };
  await deps.records.commit([conditionalWrite("bodyChunks", marker, value)]);
};

/** Erases bodies that no message names. Returns how many it checked. May run twice at once. Throws `Unavailable`. */
export const sweepBodies = async (deps: SweepDeps): Promise<number> => {
  const markers = await listRecords(deps.records, "bodiesToSweep", { upTo: deps.clock.nowMs() }, { most: SWEEP_PAGE });
  for (const marker of markers) await sweepOne(deps, marker);
  return markers.length;
};
