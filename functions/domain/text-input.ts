import * as z from "zod";

/** One line of text as people type it: trimmed, no control characters, no half of a surrogate pair. */
export const line = (longest: number) =>
  z
    .string("must be text")
    .trim()
    .max(longest, `must have at most ${longest} characters`)
    .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, "must not hold control characters or line ends");
