import { createHash } from "node:crypto";

/**
 * How Google's event `token-revoked` names a refresh token (developers.google.com/identity/protocols/risc, "OAuth token identifiers"): by its first 16 characters
 * (`prefix`), or by the base64 of its double SHA-512 (`hash_base64_sha512_sha512`).
 */
type Identifier = { readonly alg: string; readonly token: string };

const sha512 = (data: string | Buffer): Buffer => createHash("sha512").update(data).digest();

/** What is kept to know a token again: of the first characters, which are a part of the token itself, a hash only. */
const markOf = ({ alg, token }: Identifier): string | null => {
  if (alg === "prefix") return `prefix:${createHash("sha256").update(token).digest("base64url")}`;
  return alg === "hash_base64_sha512_sha512" ? `sha512_sha512:${token}` : null;
};

/** The marks of a refresh token, for the record of its grant: none of them tells the token. */
export const marksOf = (refreshToken: string): readonly string[] =>
  [
    markOf({ alg: "prefix", token: refreshToken.slice(0, 16) }),
    markOf({ alg: "hash_base64_sha512_sha512", token: sha512(sha512(refreshToken)).toString("base64") }),
  ].filter((mark) => mark !== null);

/** The mark that an event's subject stands for; null where it names no token that way. */
export const markIn = (subject: Readonly<Record<string, unknown>>): string | null => {
  const { token_identifier_alg: alg, token } = subject;
  return typeof alg === "string" && typeof token === "string" ? markOf({ alg, token }) : null;
};
