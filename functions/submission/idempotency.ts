import { createHash } from "node:crypto";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Secret } from "../domain/secret.ts";
import { headerValues } from "./header-fields.ts";

export interface WholeMail {
  readonly key: Secret;
  /** The mail server that the login names; null: chosen by From. */
  readonly server: string | null;
  /** Sorted, because their order says nothing, and a client may repeat them in another. */
  readonly recipients: readonly string[];
  readonly parts: readonly Buffer[];
}

const PRINTABLE = /^[\x20-\x7e]{1,255}$/;

/**
 * What makes a repetition of a mail the same mail: the key that it brings itself, or what it consists of. Null for one
 * without either, because two of the same bytes may be meant twice. Fails if its own key cannot be one.
 */
export const idempotencyKeyOf = (mail: WholeMail): Result<string | null, "key_invalid"> => {
  const [given, ...others] = headerValues(mail.parts, "Relais-Idempotency-Key");
  if (given !== undefined) return PRINTABLE.test(given) && others.length === 0 ? ok(given) : fail("key_invalid");
  const [messageId = ""] = headerValues(mail.parts, "Message-ID");
  return ok(messageId === "" ? null : digestOf(mail, messageId));
};

const digestOf = ({ key, server, recipients, parts }: WholeMail, messageId: string): string => {
  const hash = createHash("sha256");
  // As JSON, so that no two of these have the same text.
  hash.update(JSON.stringify([key.reveal(), server, messageId, recipients]));
  for (const part of parts) hash.update(part);
  return `smtp-${hash.digest("hex")}`;
};
