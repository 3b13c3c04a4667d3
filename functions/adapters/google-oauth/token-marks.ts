import { createHash } from "node:crypto";

/**
 * How Google's event `token-revoked` identifies a refresh token: by its first 16 characters (`prefix`), or by the
 * base64 of its double SHA-512 (developers.google.com/identity/protocols/risc, "OAuth token identifiers").
 */
type Identifier = { readonly alg: string; readonly token: string };

const sha512 = (data: string | Buffer): Buffer => createHash("sha512").update(data).digest();

/** What is stored to recognise a token later. A prefix is part of the token itself, so only its hash is stored. */
const markOf = ({ alg, token }: Identifier): string | null => {
  if (alg === "prefix") return `prefix:${createHash("sha256").update(token).digest("base64url")}`;
  return alg === "hash_base64_sha512_sha512" ? `sha512_sha512:${token}` : null;
};

/** The marks of a refresh token, for its grant's record; none of them reveals the token. */
export const marksOf = (refreshToken: string): readonly string[] =>
  [
    markOf({ alg: "prefix", token: refreshToken.slice(0, 16) }),
    markOf({ alg: "hash_base64_sha512_sha512", token: sha512(sha512(refreshToken)).toString("base64") }),
  ].filter((mark) => mark !== null);

/** The mark that an event's subject stands for; null if it identifies no token this way. */
export const markIn = (subject: Readonly<Record<string, unknown>>): string | null => {
  const { token_identifier_alg: alg, token } = subject;
  return typeof alg === "string" && typeof token === "string" ? markOf({ alg, token }) : null;
};
