import type { Email } from "postal-mime";

/** A field of the header as it was written; empty if there is none. */
export const fieldOf = (email: Email, name: string): string =>
  email.headers.find((field) => field.key === name)?.value ?? "";

export const sizeOf = (content: string | ArrayBuffer | Uint8Array): number =>
  typeof content === "string" ? Buffer.byteLength(content) : content.byteLength;
