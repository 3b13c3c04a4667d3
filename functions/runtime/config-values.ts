import * as z from "zod";
import { parseAddressOrDomain } from "../domain/address.ts";
import { COMMIT_NAME } from "../domain/build.ts";

/**
 * The shapes of single variables, each made when a variable has it, since all of them take a cold start several
 * milliseconds. A message follows the variable's name and never repeats its value.
 */
export const shape = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const DIGITS = /^\d{1,9}$/;

export const wholeNumber = (from: number, to: number) =>
  shape(() => {
    const message = `must be a whole number from ${from} to ${to}`;
    return z
      .string()
      .regex(DIGITS, message)
      .transform(Number)
      .refine((value) => value >= from && value <= to, message);
  });

export const anyText = shape(() => z.string());

export const commitName = shape(() =>
  z.string().regex(COMMIT_NAME, "must have 1 to 64 letters, digits, dots, plus signs, hyphens or underscores"),
);

export const store = shape(() => z.enum(["embedded", "google"], "must be embedded or google"));

export const refreshTokens = shape(() => z.enum(["secrets", "sealed"], "must be secrets or sealed"));

export const hostName = shape(() => z.string().regex(/^[\w.:-]+$/, "must be a host name"));

export const smtpSecurity = shape(() => z.enum(["tls", "starttls"], "must be tls or starttls"));

export const serviceAccount = shape(() => z.email("must be the address of a service account"));

export const port = wholeNumber(1, 65_535);

export const timeScale = shape(() =>
  z
    .string()
    .regex(/^\d{1,6}(\.\d{1,3})?$/, "must be a number from 1 to 100000")
    .transform(Number)
    .refine((value) => value >= 1 && value <= 100_000, "must be a number from 1 to 100000"),
);

export const flag = shape(() => z.enum(["0", "1"], "must be 0 or 1"));

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Plain http would reveal tokens to anyone on the network, except on loopback. */
const isSafe = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname));

const withoutSlash = (text: string): string => text.replace(/\/+$/, "");

/** An endpoint is kept as it is: a slash at its end may be part of the path. */
export const url = shape(() =>
  z
    .string()
    .refine((text) => URL.canParse(text), "must be a URL")
    .refine(
      (text) => !URL.canParse(text) || isSafe(new URL(text)),
      "must be an https URL (plain http is only allowed for localhost, 127.0.0.1 and [::1])",
    )
    .refine((text) => !URL.canParse(text) || new URL(text).username === "", "must not contain a username"),
);

/** A root URL with paths below it; the result has no trailing slash. */
export const rootUrl = shape(() => url().transform(withoutSlash));

/** An origin without a path, because cookies, the redirect URI and the audience of tokens are made from it. */
export const publicOrigin = shape(() =>
  rootUrl().refine((text) => {
    if (!URL.canParse(text)) return true;
    const parsed = new URL(text);
    return (
      parsed.pathname === "/" && parsed.search === "" && parsed.hash === "" && parsed.origin === text.toLowerCase()
    );
  }, "must be an origin without a path, such as https://relais.example.com"),
);

/** Text that fits an Authorization header and a URL fragment. */
export const secretText = shape(() => z.string().regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces"));

/** Addresses and `@domain`s separated by commas, folded like those from the API, because both end up in one list. */
export const addressList = shape(() =>
  z
    .string()
    .transform((text) => text.split(",").map((entry) => entry.trim()))
    .transform((entries, context) => {
      const folded = entries.filter((entry) => entry !== "").map(parseAddressOrDomain);
      if (folded.includes(null)) context.addIssue("must be a comma-separated list of addresses or @domains");
      return [...new Set(folded.filter((entry) => entry !== null))];
    }),
);

/** cloud.google.com/firestore/docs/manage-databases#database_id */
export const databaseId = shape(() =>
  z
    .string()
    .regex(
      /^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/,
      "must be (default), or 4 to 63 lower-case letters, digits and hyphens",
    ),
);

/** Without a hyphen, no installation's names start with another's prefix. infra/variables.tf has the same rule. */
export const namePrefix = shape(() =>
  z.string().regex(/^[a-z][a-z0-9]{0,9}$/, "must be a lower-case letter, and up to 9 lower-case letters or digits"),
);

const listOf = (form: RegExp, message: string) =>
  shape(() =>
    z
      .string()
      .transform((text) => text.split(",").map((entry) => entry.trim()))
      .refine((entries) => entries.every((entry) => form.test(entry)), message)
      .refine((entries) => new Set(entries).size === entries.length, "must name each entry once"),
  );

export const regionList = listOf(
  /^[a-z]+-[a-z]+\d+$/,
  "must be a comma-separated list of regions, such as europe-west1",
);

export const kmsKeyList = listOf(
  /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
  "must be a comma-separated list of projects/…/locations/…/keyRings/…/cryptoKeys/…",
);
