import { paths } from "./provider.ts";

/** With a slash at its end, unlike the issuer of id_tokens: so Google's own RISC configuration has it. */
export const riscIssuer = (origin: string): string => `${origin}/`;

/** developers.google.com/identity/protocols/risc: where a receiver learns issuer and keys of security event tokens. */
export const riscConfiguration = (origin: string) => ({
  issuer: riscIssuer(origin),
  jwks_uri: `${origin}${paths.jwks}`,
  delivery_methods_supported: ["https://schemas.openid.net/secevent/risc/delivery-method/push"],
});
