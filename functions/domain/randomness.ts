/** The source of randomness; the runtime passes in `node:crypto`. */
export interface Randomness {
  /** `count` cryptographically secure bytes, as base64url without padding (RFC 4648 §5). */
  token(count: number): string;
  /** A number in [0, 1) for jitter; never for secrets. */
  fraction(): number;
}

type IdPrefix = "srv" | "msg" | "evt" | "aud" | "req";

/** A new id such as `srv_…` or `msg_…`, of 120 random bits. */
export const newId = (random: Randomness, prefix: IdPrefix): string => `${prefix}_${random.token(15)}`;

const ID = /^([a-z]{3})_[A-Za-z0-9_-]{1,64}$/;

/**
 * Whether a text from outside may be looked up as an id. The store is never asked for anything else, such as slashes,
 * names that it reserves, or very long texts.
 */
export const isId = (prefix: IdPrefix, text: string): boolean => ID.exec(text)?.[1] === prefix;
