import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import * as z from "zod";
import type { SessionId } from "../../access/records.ts";
import { sessionKey } from "../../access/sessions.ts";
import type { OAuthState } from "../records.ts";
import { ownPath } from "./own-path.ts";

/**
 * A sign-in's state carries all we need when the browser comes back, so an abandoned sign-in stores nothing. It is
 * 256 random bits, then the content under AES-256-GCM. The key is HKDF-SHA256 (RFC 5869) over the id in the browser's
 * cookie, salted with those bits: each key is used once, and nobody without the cookie can read or forge a state.
 */
const SALT_LENGTH = 43;
const TAG_BYTES = 16;
const SEALED = /^[A-Za-z0-9_-]{86,4000}$/;

export const SIGN_IN_SCOPES: readonly string[] = ["openid", "email"];

/** The content must be validated when it comes back: an attacker who planted the cookie can seal anything for it. */
const content = z.object({
  next: z.string().refine((next) => ownPath(next) === next),
  clientId: z.string(),
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
});
export type SignInState = z.output<typeof content>;

const keyOf = (sessionId: SessionId, salt: string, use: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync("sha256", sessionId, salt, `relais sign-in ${use} 1`, bytes));

const cipherParts = (sessionId: SessionId, salt: string) => {
  const bytes = keyOf(sessionId, salt, "state", 44);
  return [bytes.subarray(0, 32), bytes.subarray(32)] as const;
};

/** The ID token's nonce is derived from cookie and state, so it need not be stored. */
const nonceOf = (sessionId: SessionId, salt: string): string =>
  keyOf(sessionId, salt, "nonce", 32).toString("base64url");

/** `salt` is 256 random bits as base64url. */
export const sealSignIn = (
  sessionId: SessionId,
  salt: string,
  state: SignInState,
): { readonly state: string; readonly nonce: string } => {
  const [key, iv] = cipherParts(sessionId, salt);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(state), "utf8"), cipher.final(), cipher.getAuthTag()]);
  return { state: `${salt}${sealed.toString("base64url")}`, nonce: nonceOf(sessionId, salt) };
};

const unseal = (sessionId: SessionId, salt: string, sealed: Buffer): unknown => {
  const [key, iv] = cipherParts(sessionId, salt);
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return JSON.parse(Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString());
  } catch {
    return null;
  }
};

/** Returns the state in its stored form, even if it has expired; null if it is not sealed for this browser. */
export const openSignIn = (sessionId: SessionId, state: string, keptForMs: number): OAuthState | null => {
  if (!SEALED.test(state)) return null;
  const salt = state.slice(0, SALT_LENGTH);
  const opened = content.safeParse(unseal(sessionId, salt, Buffer.from(state.slice(SALT_LENGTH), "base64url")));
  if (!opened.success) return null;
  const { next, clientId, createdAtMs, expiresAtMs } = opened.data;
  return {
    purpose: { kind: "sign_in", next },
    sessionSha256: sessionKey(sessionId),
    nonce: nonceOf(sessionId, salt),
    clientId,
    scopes: SIGN_IN_SCOPES,
    phase: { kind: "open" },
    createdAtMs,
    expiresAtMs,
    eraseAtMs: expiresAtMs + keptForMs,
  };
};
