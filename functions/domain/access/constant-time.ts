import { timingSafeEqual } from "node:crypto";
import { sha256Hex } from "../sha256.ts";

/** Compares two hex digests in constant time; digests of different lengths differ. */
export const sameDigest = (oneHex: string, otherHex: string): boolean => {
  const one = Buffer.from(oneHex, "hex");
  const other = Buffer.from(otherHex, "hex");
  return one.length === other.length && timingSafeEqual(one, other);
};

/** Compares texts of any length in a time that depends neither on their length nor on where they differ. */
export const sameText = (one: string, other: string): boolean => sameDigest(sha256Hex(one), sha256Hex(other));
