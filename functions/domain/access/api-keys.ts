import { conditionalWrite } from "../change-on-condition.ts";
import { type Clock, HOUR } from "../clock.ts";
import type { Randomness } from "../randomness.ts";
import { isOfLaterVersion } from "../record-version.ts";
import type { Records, Versioned } from "../records.ts";
import { Secret } from "../secret.ts";
import { sha256Hex } from "../sha256.ts";
import { sameDigest } from "./constant-time.ts";
import type { ApiKey, KeyPermission, Principal } from "./records.ts";

/** `rk_<id>_<secret>`: the id in hex (so that it holds no `_`), the secret 256 bits as base64url. */
const API_KEY = /^rk_([0-9a-f]{18})_([A-Za-z0-9_-]{43})$/;
/** `lastUsedAtMs` is written at most this often. */
const NOTE_USE_EVERY_MS = HOUR;

export interface KeyRequest {
  readonly name: string;
  /** Empty: every server. */
  readonly servers: readonly string[];
  readonly permissions: readonly KeyPermission[];
  readonly expiresAtMs: number | null;
}

/** A new key; `key` is to be shown once and kept nowhere. `record` is to be created as kind `keys` under `id`. */
export const mintApiKey = (
  deps: { readonly clock: Clock; readonly random: Randomness },
  request: KeyRequest,
): { readonly id: string; readonly key: Secret; readonly record: ApiKey } => {
  const id = Buffer.from(deps.random.token(9), "base64url").toString("hex");
  const secret = deps.random.token(32);
  const { name, servers, permissions, expiresAtMs } = request;
  const record: ApiKey = {
    name,
    secretSha256: sha256Hex(secret),
    servers,
    permissions,
    createdAtMs: deps.clock.nextMs(),
    expiresAtMs,
    lastUsedAtMs: null,
  };
  return { id, key: new Secret(`rk_${id}_${secret}`), record };
};

export const looksLikeApiKey = (bearer: string): boolean => bearer.startsWith("rk_");

/** The id in a well-formed key, which is no secret; null where it is not one. */
export const publicHalf = (bearer: string): string | null => API_KEY.exec(bearer)?.[1] ?? null;

/** Who holds this key; null: no key, revoked, expired, or a wrong secret. Read from the store each time, so a revocation counts at once. */
export const findKeyHolder = async (
  deps: { readonly clock: Clock; readonly records: Records },
  bearer: string,
): Promise<Extract<Principal, { readonly kind: "key" }> | null> => {
  const [, id, secret] = API_KEY.exec(bearer) ?? [];
  if (id === undefined || secret === undefined) return null;
  const kept = await deps.records.get("keys", id);
  if (kept === undefined || !sameDigest(kept.value.secretSha256, sha256Hex(secret))) return null;
  // A later release may have bound it to more than is known here.
  if (isOfLaterVersion("keys", kept.value)) return null;
  const { name, servers, permissions, expiresAtMs } = kept.value;
  if (expiresAtMs !== null && expiresAtMs <= deps.clock.nowMs()) return null;
  await noteUse(deps, kept);
  return { kind: "key", id, name, servers, permissions };
};

/** On condition that the key still stands as read: a use noted late must not bring a revoked key back. */
const noteUse = async (
  deps: { readonly clock: Clock; readonly records: Records },
  { id, version, value }: Versioned<ApiKey>,
): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  if (value.lastUsedAtMs !== null && nowMs - value.lastUsedAtMs < deps.clock.lasting(NOTE_USE_EVERY_MS)) return;
  await deps.records.commit([conditionalWrite("keys", { id, version }, { ...value, lastUsedAtMs: nowMs })]);
};
