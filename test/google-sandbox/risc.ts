import { paths } from "./provider.ts";

/** Ends with a slash, unlike the issuer of id_tokens, as in Google's own RISC configuration. */
export const riscIssuer = (origin: string): string => `${origin}/`;

/** developers.google.com/identity/protocols/risc: tells receivers the issuer and keys of security event tokens. */
export const riscConfiguration = (origin: string) => ({
  issuer: riscIssuer(origin),
  jwks_uri: `${origin}${paths.jwks}`,
  delivery_methods_supported: ["https://schemas.openid.net/secevent/risc/delivery-method/push"],
});
