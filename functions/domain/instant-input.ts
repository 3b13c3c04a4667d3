import * as z from "zod";
import { says } from "./field-problems.ts";

/** A date and time with an offset (ISO 8601-1 §5.4.2.1, extended format), with optional seconds and a short offset. */
const DATE_TIME = /^(\d{4}-\d\d-\d\d)t(\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(?:(z)|([+-]\d\d)(?::?(\d\d))?)$/i;

/** Rewrites a time to RFC 3339. Any other text is returned unchanged, and the next check refuses it. */
const toRfc3339 = (text: string): string => {
  const [found, date, minute, seconds = ":00", utc, hours, minutes = "00"] = DATE_TIME.exec(text) ?? [];
  if (found === undefined) return text;
  return `${date}T${minute}${seconds}${utc === undefined ? `${hours}:${minutes}` : "Z"}`;
};

/**
 * Parses an instant to milliseconds since the epoch. It must have an offset, since it would be ambiguous without one,
 * and must exist in the calendar: 30 February does not.
 */
export const instantInput = (() => {
  const error = says("not_time");
  return z
    .string({ error })
    .max(64, error)
    .transform(toRfc3339)
    .pipe(z.iso.datetime({ offset: true, error }))
    .transform((text) => Date.parse(text));
})();
