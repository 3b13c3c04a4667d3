import { dateFormat, numberFormat, relativeFormat } from "./formats.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

const format = (locale: string, iso: string, options: Intl.DateTimeFormatOptions): string | undefined => {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? undefined : dateFormat(locale, options).format(at);
};

/** `12 nov. 2026, 14:05`, in the browser's time zone; undefined if `iso` is not a time. `locale` is a BCP 47 tag. */
export const absoluteTime = (locale: string, iso: string): string | undefined =>
  format(locale, iso, { dateStyle: "medium", timeStyle: "short" });

/** `12 nov. 2026, 14:05:31`, for events within the same minute. */
export const timeToTheSecond = (locale: string, iso: string): string | undefined =>
  format(locale, iso, { dateStyle: "medium", timeStyle: "medium" });

/** `jeudi 12 novembre 2026 à 14:05:31 UTC+1`, which names the time zone. */
export const timeInFull = (locale: string, iso: string): string | undefined =>
  format(locale, iso, { dateStyle: "full", timeStyle: "long" });

const dayOf = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0);

/** In local days, which may last 23 or 25 hours. */
const daysBetween = (fromMs: number, toMs: number): number =>
  Math.round((dayOf(toMs) - dayOf(fromMs)) / (DAY_S * 1_000));

/** `il y a 3 minutes`, `in 6 days`: in the largest unit that is not zero. Days change at the reader's midnight. */
export const relativeTime = (locale: string, iso: string, nowMs: number): string | undefined => {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1_000);
  if (Number.isNaN(seconds)) return undefined;
  const format = relativeFormat(locale, { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < MINUTE_S) return format.format(seconds, "second");
  if (size < HOUR_S) return format.format(Math.trunc(seconds / MINUTE_S), "minute");
  const days = daysBetween(nowMs, Date.parse(iso));
  if (size < DAY_S || days === 0) return format.format(Math.trunc(seconds / HOUR_S), "hour");
  return format.format(days, "day");
};

/** `2 000` or `2,000`. */
export const wholeNumber = (locale: string, value: number): string => numberFormat(locale, {}).format(value);

/** `Europe/Paris`: the reader's own time zone, which every time in the console uses. */
export const timeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** For `<input type="datetime-local">`, which holds local time without a zone. */
export const localInputValue = (at: Date): string => {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
};

/** The latest time of `<input type="datetime-local">`: by default, browsers let people type a year of six digits. */
export const LAST_MINUTE = "9999-12-31T23:59";

export const LAST_DAY = LAST_MINUTE.slice(0, 10);

/** A local time as the API takes it. What is no time goes as it is: the API then says so at the field. */
export const instantOf = (local: string): string => {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? local : at.toISOString();
};
