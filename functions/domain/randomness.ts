/** Randomness, passed in; the runtime's is `node:crypto`. */
export interface Randomness {
  /** `count` bytes fit for secrets, as base64url without padding (RFC 4648 §5). */
  token(count: number): string;
  /** A number in [0, 1) for jitter; never for secrets. */
  fraction(): number;
}

/** `srv_…`, `msg_…`, `evt_…`: 120 random bits, no meaning inside. */
export const newId = (random: Randomness, prefix: "srv" | "msg" | "evt" | "aud" | "req"): string =>
  `${prefix}_${random.token(15)}`;
