import * as z from "zod";
import { says } from "./field-problems.ts";

/** One line of text as people type it: trimmed, no control characters, no half of a surrogate pair. */
export const line = (longest: number) =>
  z
    .string()
    .trim()
    .max(longest)
    .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, says("not_one_line"));
