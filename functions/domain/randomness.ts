/** Randomness, passed in; the runtime's is `node:crypto`. */
export interface Randomness {
  /** `count` bytes fit for secrets, as base64url without padding (RFC 4648 §5). */
  token(count: number): string;
  /** A number in [0, 1) for jitter; never for secrets. */
  fraction(): number;
}

type IdPrefix = "srv" | "msg" | "evt" | "aud" | "req";

/** `srv_…`, `msg_…`, `evt_…`: 120 random bits, no meaning inside. */
export const newId = (random: Randomness, prefix: IdPrefix): string => `${prefix}_${random.token(15)}`;

const ID = /^([a-z]{3})_[A-Za-z0-9_-]{1,64}$/;

/**
 * Whether a text from outside may be looked up as such an id: the store is asked for nothing else (slashes, names that
 * it reserves, text without end).
 */
export const isId = (prefix: IdPrefix, text: string): boolean => ID.exec(text)?.[1] === prefix;
