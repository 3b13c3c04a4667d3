export type ExpiryUnit = "hour" | "day" | "week" | "month" | "year";

/** What the extension's parameters say. Collections are paths from the root of the database. */
export interface DocumentSettings {
  readonly database: string;
  /** A segment in braces stands for any one: `users/{uid}/mail`. */
  readonly collection: string;
  readonly usersCollection: string | null;
  readonly templatesCollection: string | null;
  readonly defaultFrom: string | null;
  readonly defaultReplyTo: string | null;
  readonly expires: { readonly unit: ExpiryUnit; readonly value: number } | null;
}

const isSegment = (wanted: string, given: string): boolean => wanted === given || /^\{[^{}]*\}$/.test(wanted);

/** Whether a path is that of a document in the collection. */
export const isInCollection = (collection: string, path: string): boolean => {
  const wanted = collection.split("/");
  const given = path.split("/");
  return given.length === wanted.length + 1 && wanted.every((segment, at) => isSegment(segment, given[at] ?? ""));
};

/** Adds to a date by the calendar, in UTC: a month from 31 January is 3 March, as in the extension. */
const ADDS: Readonly<Record<ExpiryUnit, (date: Date, value: number) => void>> = {
  hour: (date, value) => date.setUTCHours(date.getUTCHours() + value),
  day: (date, value) => date.setUTCDate(date.getUTCDate() + value),
  week: (date, value) => date.setUTCDate(date.getUTCDate() + 7 * value),
  month: (date, value) => date.setUTCMonth(date.getUTCMonth() + value),
  year: (date, value) => date.setUTCFullYear(date.getUTCFullYear() + value),
};

/** Timestamps of Firestore end with the year 9999. */
const LAST_MS = Date.UTC(9999, 11, 31);

export const expiryOf = ({ expires }: Pick<DocumentSettings, "expires">, startMs: number): number | null => {
  if (expires === null) return null;
  const date = new Date(startMs);
  ADDS[expires.unit](date, expires.value);
  return Number.isNaN(date.getTime()) ? LAST_MS : Math.min(date.getTime(), LAST_MS);
};
