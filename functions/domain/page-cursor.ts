import { createHash } from "node:crypto";
import type { QueryName } from "./queries.ts";

/** The end of a page: the ordered field's value and the id of its last record. */
export interface PagePosition {
  readonly orderValue: number | string;
  readonly id: string;
}

/**
 * Ties a cursor to one query and its filters (as AIP-158 asks of page tokens): with others it would silently skip or
 * repeat records. `upTo` is left out, because "due until now" moves on between pages.
 */
const fingerprint = (name: QueryName, args: Readonly<Record<string, unknown>>): string => {
  const filters = Object.entries(args)
    .filter(([field]) => field !== "upTo")
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([name, filters]))
    .digest("base64url")
    .slice(0, 16);
};

/**
 * Opaque to callers, but not signed: the filters come from the request itself, so an altered cursor only reaches
 * another place in a list that its caller may read anyway.
 */
export const encodeCursor = (
  name: QueryName,
  args: Readonly<Record<string, unknown>>,
  { orderValue, id }: PagePosition,
): string => Buffer.from(JSON.stringify([fingerprint(name, args), orderValue, id])).toString("base64url");

/** Undefined if the cursor is malformed or belongs to another query. */
export const decodeCursor = (
  name: QueryName,
  args: Readonly<Record<string, unknown>>,
  cursor: string,
): PagePosition | undefined => {
  const parts = parse(cursor);
  if (!Array.isArray(parts) || parts.length !== 3) return undefined;
  const [mark, orderValue, id] = parts as readonly unknown[];
  if (mark !== fingerprint(name, args) || typeof id !== "string") return undefined;
  return typeof orderValue === "number" || typeof orderValue === "string" ? { orderValue, id } : undefined;
};

const parse = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
};
