import type { ServerResponse } from "node:http";
import { sendJson } from "./http.ts";
import type { Parts } from "./parts.ts";

/** Revoking one token ends everything that the account granted to that client. */
export const revoke = (parts: Parts, res: ServerResponse, token: string): void => {
  const live = parts.grants.live(token);
  parts.counters.revocation(live !== null);
  if (live === null) {
    sendJson(res, 400, { error: "invalid_token", error_description: "Token expired or revoked" });
    return;
  }
  parts.grants.revoke(live.account, live.client);
  sendJson(res, 200, {});
};
