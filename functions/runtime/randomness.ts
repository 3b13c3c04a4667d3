import { randomBytes } from "node:crypto";
import type { Randomness } from "../domain/randomness.ts";

export const systemRandom: Randomness = {
  token: (count) => randomBytes(count).toString("base64url"),
  // It only spreads things, so nobody gains by guessing it.
  fraction: () => Math.random(),
};
