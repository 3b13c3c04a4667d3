import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { type Principal, principalName } from "../../access/records.ts";
import { newId, type Randomness } from "../../randomness.ts";
import type { Records, Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import type { Message } from "../message.ts";

/** A message's id, and the hash that makes a repetition of its request known; null where no key came with it. */
export interface Identity {
  readonly id: string;
  readonly requestSha256: string | null;
}

const sha256 = (text: string) => createHash("sha256").update(text);

/**
 * Without a key, a random id. With one, the id is made from (caller, key): the same request a second time wants to create the same
 * record and cannot, whichever process it reaches and however many come at once. So the key is as durable as the message itself, costs
 * no write, and is free again once the record has gone.
 * `json` has passed the schema, so that canonicalize (which throws on lone surrogates) is never given what it cannot write.
 */
export const identify = (
  random: Randomness,
  request: { readonly principal: Principal; readonly key: string | null; readonly json: unknown },
): Identity => {
  const { principal, key, json } = request;
  if (key === null) return { id: newId(random, "msg"), requestSha256: null };
  const scope = sha256(JSON.stringify([principalName(principal), key])).digest();
  return {
    // 120 bits, as every id has.
    id: `msg_${scope.subarray(0, 15).toString("base64url")}`,
    requestSha256: sha256(canonicalize(json) ?? "").digest("hex"),
  };
};

/** What was accepted under this identity before; undefined: nothing. `idempotency_key_reused` where the request was another. Throws `Unavailable`. */
export const acceptedBefore = async (
  records: Records,
  identity: Identity,
): Promise<Result<Versioned<Message>> | undefined> => {
  if (identity.requestSha256 === null) return undefined;
  const message = await records.get("messages", identity.id);
  if (message === undefined) return undefined;
  return message.value.requestSha256 === identity.requestSha256
    ? ok(message)
    : fail({ code: "idempotency_key_reused" });
};

const KEY = /^[\x20-\x7e]{1,255}$/;
/** `Idempotency-Key`: 1 to 255 printable ASCII characters. */
export const isIdempotencyKey = (text: string): boolean => KEY.test(text);
