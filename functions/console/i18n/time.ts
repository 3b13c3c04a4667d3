import type { Language } from "./language.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** `12 nov. 2026, 14:05`, in the browser's time zone. Undefined for what is no time. */
export const absoluteTime = (language: Language, iso: string): string | undefined => {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return undefined;
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(at);
};

/** `il y a 3 minutes`, `in 6 days`: the largest unit that is not nought. */
export const relativeTime = (language: Language, iso: string, nowMs: number): string | undefined => {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1_000);
  if (Number.isNaN(seconds)) return undefined;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < MINUTE_S) return format.format(seconds, "second");
  if (size < HOUR_S) return format.format(Math.trunc(seconds / MINUTE_S), "minute");
  if (size < DAY_S) return format.format(Math.trunc(seconds / HOUR_S), "hour");
  return format.format(Math.trunc(seconds / DAY_S), "day");
};

/** `2 000` or `2,000`. */
export const wholeNumber = (language: Language, value: number): string => new Intl.NumberFormat(language).format(value);

/** For `<input type="datetime-local">`, which speaks the browser's local time without a zone. */
export const localInputValue = (at: Date): string => {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
};
