import { conditionalWrite } from "../change-on-condition.ts";
import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import { listRecords } from "../every-record.ts";
import type { Randomness } from "../randomness.ts";
import type { Records, Versioned, Write } from "../records.ts";
import {
  type BodyChunk,
  type ChunkedBody,
  isInChunks,
  isRaw,
  type MessageBody,
  type MissingField,
  type RawBody,
  type StoredBody,
} from "./message.ts";
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

/** A piece of a body; its text is made when it is written, so that it is in memory only then. */
interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Cuts UTF-8 into pieces of at most `size` bytes between characters (continuation bytes are 10xxxxxx, RFC 3629). */
const cutText = (bytes: Buffer, size: number): readonly Piece[] => {
  const pieces: Piece[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(start + size, bytes.length);
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
    pieces.push({ start, end });
    start = end;
  }
  return pieces;
};

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const SHORT_ESCAPES: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d, QUOTE, BACKSLASH]);

/** How many bytes each octet takes as text in JSON, as a store's protocol writes it: `\u0001` takes six. */
const BYTES_IN_JSON = Uint8Array.from({ length: 256 }, (_, octet) => {
  if (SHORT_ESCAPES.has(octet) || octet > 0x7f) return 2;
  return octet < 0x20 ? 6 : 1;
});

/** Cuts bytes into pieces that take at most `size` bytes as text in JSON, so that a commit of some stays small. */
const cutBytes = (bytes: Buffer, size: number): readonly Piece[] => {
  const pieces: Piece[] = [];
  let [start, taken] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    const more = BYTES_IN_JSON[bytes[at] ?? 0] ?? 1;
    if (taken + more > size) {
      pieces.push({ start, end: at });
      [start, taken] = [at, 0];
    }
    taken += more;
  }
  return [...pieces, { start, end: bytes.length }];
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
  | { readonly kind: "large"; readonly json: Buffer }
  | Extract<StoredBody, { readonly kind: "raw" }>
  | { readonly kind: "large_raw"; readonly bytes: Buffer; readonly missing: readonly MissingField[] };

type LargeBody = Extract<PackedBody, { readonly kind: "large" | "large_raw" }>;
export const isLarge = (body: PackedBody): body is LargeBody => body.kind === "large" || body.kind === "large_raw";

export const packBody = (body: MessageBody): PackedBody => {
  const json = JSON.stringify(body);
  if (Buffer.byteLength(json) <= LARGEST_INLINE_BYTES) return { kind: "inline", json };
  return { kind: "large", json: Buffer.from(json) };
};

/** A mail that its caller has composed. */
export const packRaw = (mail: { readonly bytes: Buffer; readonly missing: readonly MissingField[] }): PackedBody => {
  const { bytes, missing } = mail;
  if (bytes.length > LARGEST_INLINE_BYTES) return { kind: "large_raw", bytes, missing };
  const text = bytes.toString("latin1");
  // Escapes and octets beyond ASCII take more room in the record.
  const fits = Buffer.byteLength(JSON.stringify(text)) <= LARGEST_INLINE_BYTES;
  return fits ? { kind: "raw", text, missing } : { kind: "large_raw", bytes, missing };
};

const cutBody = (body: LargeBody): { readonly pieces: readonly Piece[]; readonly textOf: (piece: Piece) => string } =>
  body.kind === "large"
    ? {
        pieces: cutText(body.json, CHUNK_BYTES),
        textOf: ({ start, end }) => body.json.toString("utf8", start, end),
      }
    : {
        pieces: cutBytes(body.bytes, CHUNK_BYTES),
        textOf: ({ start, end }) => body.bytes.toString("latin1", start, end),
      };

const toStored = (body: LargeBody, chunks: { readonly count: number; readonly set: string }): StoredBody =>
  body.kind === "large"
    ? { kind: "chunks", ...chunks }
    : { kind: "raw_chunks", ...chunks, bytes: body.bytes.length, missing: body.missing };

/**
 * Stores a body. A large one is written before the record that names it: a crash in between leaves chunks that nothing
 * names, never a message without its body. Throws `Unavailable`.
 */
export const storeBody = async (deps: StoreDeps, messageId: string, body: PackedBody): Promise<StoredBody> => {
  if (!isLarge(body)) return body;
  const set = deps.random.token(12);
  const createdAtMs = deps.clock.nowMs();
  const { pieces, textOf } = cutBody(body);
  const toWrite = (piece: Piece, index: number): Write => ({
    op: "put",
    kind: "bodyChunks",
    id: chunkId(set, index),
    value: { messageId, index, text: textOf(piece), createdAtMs },
  });
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
  for (const [at, group] of groupsOf(pieces, CHUNKS_A_COMMIT).entries()) {
    const writes = group.map((piece, inGroup) => toWrite(piece, at * CHUNKS_A_COMMIT + inGroup));
    await deps.records.commit(at === 0 ? [marker, ...writes] : writes);
  }
  return toStored(body, { count: pieces.length, set });
};

interface ReadDeps {
  readonly records: Records;
}

/** Yields the texts of the chunks in order. Throws `Unavailable`, or an error if a chunk is missing. */
async function* chunkTexts({ records }: ReadDeps, { count, set }: ChunkedBody): AsyncGenerator<string> {
  const indexes = Array.from({ length: count }, (_, index) => index);
  // Read a few at a time: if all were read at once, each could exceed the store's time limit on a busy machine.
  for (const group of groupsOf(indexes, CHUNKS_READ_AT_ONCE)) {
    const chunks = await Promise.all(group.map((index) => records.get("bodyChunks", chunkId(set, index))));
    for (const [at, chunk] of chunks.entries()) {
      if (chunk === undefined) throw new Error(`chunk ${group[at]} of ${count} of a message body is missing`);
      yield chunk.value.text;
    }
  }
}

/**
 * Reads the content of a message that Relais composes; null once it is erased. Throws `Unavailable`, or an error if a
 * chunk is missing.
 */
export const readBody = async (
  deps: ReadDeps,
  { body }: { readonly body: StoredBody },
): Promise<MessageBody | null> => {
  if (body.kind === "erased") return null;
  if (isRaw(body)) throw new Error("a composed mail is read as bytes");
  if (body.kind === "inline") return JSON.parse(body.json);
  const texts: string[] = [];
  for await (const text of chunkTexts(deps, body)) texts.push(text);
  return JSON.parse(texts.join(""));
};

/** Reads a composed mail behind `front`, so that a large one is copied only once. Throws like `readBody`. */
export const readRaw = async (deps: ReadDeps, body: RawBody, front: Buffer): Promise<Buffer> => {
  const length = body.kind === "raw" ? body.text.length : body.bytes;
  const mail = Buffer.allocUnsafe(front.length + length);
  let size = front.copy(mail);
  if (body.kind === "raw") size += mail.write(body.text, size, "latin1");
  else for await (const text of chunkTexts(deps, body)) size += mail.write(text, size, "latin1");
  if (size !== mail.length) throw new Error("the chunks of a composed mail are not as long as it is");
  return mail;
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
  if (!isInChunks(body)) return;
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
  const isNamed = isLater || (message !== undefined && isInChunks(message.body) && message.body.set === set);
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
