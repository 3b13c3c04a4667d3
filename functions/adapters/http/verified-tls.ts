/**
 * TLS as every connection of ours is made. It is said explicitly because Node's defaults obey the environment: `NODE_TLS_REJECT_UNAUTHORIZED=0`
 * turns the check of certificates off, and `NODE_OPTIONS=--tls-min-v1.0` lets old versions in. `runtime/library-tls.ts` does the same for libraries.
 */
export const VERIFIED_TLS = { rejectUnauthorized: true, minVersion: "TLSv1.2" } as const;
