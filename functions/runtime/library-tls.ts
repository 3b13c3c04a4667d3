import tls from "node:tls";
import { VERIFIED_TLS } from "../adapters/http/verified-tls.ts";

/**
 * Has Google's libraries verify TLS certificates whatever the environment says. They cannot be told for each connection: google-gax connects by
 * agents of its own, and gaxios takes an agent only at the price of `HTTPS_PROXY`. Node reads the variable at each connection, so that this
 * process must not have it.
 */
export const verifyTlsInLibraries = (): void => {
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  tls.DEFAULT_MIN_VERSION = VERIFIED_TLS.minVersion;
};
