/**
 * The TLS options of all our connections. They are explicit because Node's defaults obey the environment:
 * `NODE_TLS_REJECT_UNAUTHORIZED=0` disables certificate checks, and `NODE_OPTIONS=--tls-min-v1.0` allows old versions.
 * `runtime/library-tls.ts` does the same for libraries.
 */
export const VERIFIED_TLS = { rejectUnauthorized: true, minVersion: "TLSv1.2" } as const;
