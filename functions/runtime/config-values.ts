import * as z from "zod";
import { parseAddressOrDomain } from "../domain/address.ts";

/** The shapes of single variables. A message follows the variable's name and never repeats its value. */

const DIGITS = /^\d{1,9}$/;

export const wholeNumber = (from: number, to: number) => {
  const message = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(DIGITS, message)
    .transform(Number)
    .refine((value) => value >= from && value <= to, message);
};

export const port = wholeNumber(1, 65_535);

export const timeScale = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,3})?$/, "must be a number from 1 to 100000")
  .transform(Number)
  .refine((value) => value >= 1 && value <= 100_000, "must be a number from 1 to 100000");

export const flag = z.enum(["0", "1"], "must be 0 or 1").optional();

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Plain http would reveal tokens to anyone on the network, except on loopback. */
const isSafe = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname));

const withoutSlash = (text: string): string => text.replace(/\/+$/, "");

/** An endpoint is kept as it is: a slash at its end may be part of the path. */
export const url = z
  .string()
  .refine((text) => URL.canParse(text), "must be a URL")
  .refine(
    (text) => !URL.canParse(text) || isSafe(new URL(text)),
    "must be an https URL (plain http is only allowed for localhost, 127.0.0.1 and [::1])",
  )
  .refine((text) => !URL.canParse(text) || new URL(text).username === "", "must not contain a username");

/** A root URL with paths below it; the result has no trailing slash. */
export const rootUrl = url.transform(withoutSlash);

/** An origin without a path, because cookies, the redirect URI and the audience of tokens are made from it. */
export const publicOrigin = rootUrl.refine((text) => {
  if (!URL.canParse(text)) return true;
  const parsed = new URL(text);
  return parsed.pathname === "/" && parsed.search === "" && parsed.hash === "" && parsed.origin === text.toLowerCase();
}, "must be an origin without a path, such as https://relais.example.com");

/** Text that fits an Authorization header and a URL fragment. */
export const secretText = z.string().regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces");

/** Addresses and `@domain`s separated by commas, folded like those from the API, because both end up in one list. */
export const addressList = z
  .string()
  .optional()
  .transform((text) => (text ?? "").split(",").map((entry) => entry.trim()))
  .transform((entries, context) => {
    const folded = entries.filter((entry) => entry !== "").map(parseAddressOrDomain);
    if (folded.includes(null)) context.addIssue("must be a comma-separated list of addresses or @domains");
    return [...new Set(folded.filter((entry) => entry !== null))];
  });
