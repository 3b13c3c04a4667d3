import { hash } from "node:crypto";

/** The SHA-256 digest in hex. It serves as the id of records whose key is secret or may hold any character. */
export const sha256Hex = (text: string | Buffer): string => hash("sha256", text);
