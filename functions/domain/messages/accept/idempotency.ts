import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import { type Principal, principalName } from "../../access/records.ts";
import { newId, type Randomness } from "../../randomness.ts";
import type { Records, Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { sha256Hex } from "../../sha256.ts";
import type { Message } from "../message.ts";

/** A message's id, and the hash by which a repeated request is recognized; null if it came without a key. */
export interface Identity {
  readonly id: string;
  readonly requestSha256: string | null;
}

/**
 * Makes a random id, or one from (caller, key): a repeated request then cannot create the same record twice, whichever
 * process it reaches. So a key is as durable as its message, costs no write, and is free again once the record is gone.
 * `json` must have passed the schema, because canonicalize throws on lone surrogates.
 */
export const identify = (
  random: Randomness,
  request: { readonly principal: Principal; readonly key: string | null; readonly json: unknown },
): Identity => {
  const { principal, key, json } = request;
  if (key === null) return { id: newId(random, "msg"), requestSha256: null };
  const scope = hash("sha256", JSON.stringify([principalName(principal), key]), "buffer");
  return {
    // Every id has 120 bits.
    id: `msg_${scope.subarray(0, 15).toString("base64url")}`,
    requestSha256: sha256Hex(canonicalize(json) ?? ""),
  };
};

/**
 * Finds the message that was accepted under this identity before; undefined if there is none. Refuses with
 * `idempotency_key_reused` if its request was a different one. Throws `Unavailable`.
 */
export const findAccepted = async (
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
/** An `Idempotency-Key` has 1 to 255 printable ASCII characters. */
export const isIdempotencyKey = (text: string): boolean => KEY.test(text);
