import { createHash } from "node:crypto";

/** The SHA-256 digest of a text in hex: the id of records whose key must not be readable, or may hold anything. */
export const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");
