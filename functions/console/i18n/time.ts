const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

const formatted = (locale: string, iso: string, options: Intl.DateTimeFormatOptions): string | undefined => {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? undefined : new Intl.DateTimeFormat(locale, options).format(at);
};

/** `12 nov. 2026, 14:05`, in the browser's time zone. Undefined for what is no time. `locale`: a BCP 47 tag, here and below. */
export const absoluteTime = (locale: string, iso: string): string | undefined =>
  formatted(locale, iso, { dateStyle: "medium", timeStyle: "short" });

/** `12 nov. 2026, 14:05:31`: where things follow each other within a minute. */
export const timeToTheSecond = (locale: string, iso: string): string | undefined =>
  formatted(locale, iso, { dateStyle: "medium", timeStyle: "medium" });

/** `jeudi 12 novembre 2026 à 14:05:31 UTC+1`: leaves no doubt about the zone. */
export const timeInFull = (locale: string, iso: string): string | undefined =>
  formatted(locale, iso, { dateStyle: "full", timeStyle: "long" });

/** `il y a 3 minutes`, `in 6 days`: the largest unit that is not nought. Days are rounded: what comes in 47 hours is not said to come tomorrow. */
export const relativeTime = (locale: string, iso: string, nowMs: number): string | undefined => {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1_000);
  if (Number.isNaN(seconds)) return undefined;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < MINUTE_S) return format.format(seconds, "second");
  if (size < HOUR_S) return format.format(Math.trunc(seconds / MINUTE_S), "minute");
  if (size < DAY_S) return format.format(Math.trunc(seconds / HOUR_S), "hour");
  return format.format(Math.round(seconds / DAY_S), "day");
};

/** `2 000` or `2,000`. */
export const wholeNumber = (locale: string, value: number): string => new Intl.NumberFormat(locale).format(value);

/** `Europe/Paris`: the reader's own, which every time here is told in. */
export const timeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** For `<input type="datetime-local">`, which speaks the browser's local time without a zone. */
export const localInputValue = (at: Date): string => {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
};
