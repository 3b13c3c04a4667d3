import * as z from "zod";
import { says } from "./field-problems.ts";

/** A calendar date and time of day with an offset (ISO 8601-1 §5.4.2.1, extended format); seconds may be left out, the offset written short. */
const DATE_TIME = /^(\d{4}-\d\d-\d\d)t(\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(?:(z)|([+-]\d\d)(?::?(\d\d))?)$/i;

/** As RFC 3339 has it; the text itself where it is no such time, for the check behind to refuse. */
const asRfc3339 = (text: string): string => {
  const [found, date, minute, seconds = ":00", utc, hours, minutes = "00"] = DATE_TIME.exec(text) ?? [];
  if (found === undefined) return text;
  return `${date}T${minute}${seconds}${utc === undefined ? `${hours}:${minutes}` : "Z"}`;
};

/**
 * An instant as callers write it, in milliseconds since the epoch. It must have an offset: without one nobody knows whose clock is meant.
 * The calendar is checked: there is no 30 February.
 */
export const instantInput = (() => {
  const error = says("not_time");
  return z
    .string({ error })
    .max(64, error)
    .transform(asRfc3339)
    .pipe(z.iso.datetime({ offset: true, error }))
    .transform((text) => Date.parse(text));
})();
