import { conditionalWrite } from "../change-on-condition.ts";
import { type Clock, HOUR } from "../clock.ts";
import type { Randomness } from "../randomness.ts";
import { isOfLaterVersion } from "../record-version.ts";
import type { Records, Versioned } from "../records.ts";
import { Secret } from "../secret.ts";
import { sha256Hex } from "../sha256.ts";
import { sameDigest } from "./constant-time.ts";
import type { ApiKey, KeyPermission, Principal } from "./records.ts";

/** `rk_<id>_<secret>`: the id is in hex, so that it contains no `_`; the secret is 256 bits as base64url. */
const API_KEY = /^rk_([0-9a-f]{18})_([A-Za-z0-9_-]{43})$/;
/** `lastUsedAtMs` is written at most this often. */
const NOTE_USE_EVERY_MS = HOUR;

export interface KeyRequest {
  readonly name: string;
  /** Empty for every server. */
  readonly servers: readonly string[];
  readonly permissions: readonly KeyPermission[];
  readonly expiresAtMs: number | null;
}

/** Makes a key. The caller must show `key` once without storing it, and create `record` as kind `keys` under `id`. */
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

/** The id in a well-formed key, which is not secret; null if the key is malformed. */
export const keyIdOf = (bearer: string): string | null => API_KEY.exec(bearer)?.[1] ?? null;

/** The principal of a key; null if it is malformed, unknown or expired. Never cached, so revoking works at once. */
export const findKeyHolder = async (
  deps: { readonly clock: Clock; readonly records: Records },
  bearer: string,
): Promise<Extract<Principal, { readonly kind: "key" }> | null> => {
  const [, id, secret] = API_KEY.exec(bearer) ?? [];
  if (id === undefined || secret === undefined) return null;
  const found = await deps.records.get("keys", id);
  if (found === undefined || !sameDigest(found.value.secretSha256, sha256Hex(secret))) return null;
  // A later release may have added restrictions that this one does not know.
  if (isOfLaterVersion("keys", found.value)) return null;
  const { name, servers, permissions, expiresAtMs } = found.value;
  if (expiresAtMs !== null && expiresAtMs <= deps.clock.nowMs()) return null;
  await noteUse(deps, found);
  return { kind: "key", id, name, servers, permissions };
};

/** The write is conditional, so that noting a use cannot bring back a revoked key. */
const noteUse = async (
  deps: { readonly clock: Clock; readonly records: Records },
  { id, version, value }: Versioned<ApiKey>,
): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  if (value.lastUsedAtMs !== null && nowMs - value.lastUsedAtMs < deps.clock.lasting(NOTE_USE_EVERY_MS)) return;
  await deps.records.commit([conditionalWrite("keys", { id, version }, { ...value, lastUsedAtMs: nowMs })]);
};
