import { createHash } from "node:crypto";
import type { QueryName } from "./queries.ts";

/** Where a page ended: the ordered field's value and the id of its last record. */
export interface PagePosition {
  readonly orderValue: number | string;
  readonly id: string;
}

/**
 * A cursor belongs to one query with one set of filters (as AIP-158 asks of page tokens): with others it would skip or repeat silently.
 * `upTo` is left out, because a caller who pages by "due until now" may move its now between pages.
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
 * Opaque to callers. It is not signed: whoever alters one reaches another place in a list whose filters come from the request itself,
 * so nothing that they could not read anyway.
 */
export const encodeCursor = (
  name: QueryName,
  args: Readonly<Record<string, unknown>>,
  { orderValue, id }: PagePosition,
): string => Buffer.from(JSON.stringify([fingerprint(name, args), orderValue, id])).toString("base64url");

/** Undefined: not one of ours, or made for another query. */
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
