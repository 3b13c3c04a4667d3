import tls from "node:tls";
import { VERIFIED_TLS } from "../adapters/http/verified-tls.ts";

/**
 * Makes Google's libraries verify TLS certificates whatever the environment says. Options per connection are
 * impossible: an agent for gaxios would disable `HTTPS_PROXY`. Node reads the variable at each connection, so this
 * process must not have it.
 */
export const verifyTlsInLibraries = (): void => {
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  tls.DEFAULT_MIN_VERSION = VERIFIED_TLS.minVersion;
};
