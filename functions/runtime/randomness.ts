import { randomBytes } from "node:crypto";
import type { Randomness } from "../domain/randomness.ts";

export const systemRandom: Randomness = {
  token: (count) => randomBytes(count).toString("base64url"),
  fraction: () => randomBytes(4).readUInt32BE() / 2 ** 32,
};
