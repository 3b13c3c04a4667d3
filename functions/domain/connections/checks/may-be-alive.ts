import type { Connection } from "../../mail-servers/mail-server.ts";

/**
 * Earlier releases ended grants as `unclear` on token endpoint answers that mean no end, and did not record which
 * answer. Google must be asked again; its answer then sets `endedBy`. Pure.
 */
export const mayBeAlive = (connection: Connection): boolean =>
  connection.state === "reconnect_required" && connection.reason === "unclear" && connection.endedBy === undefined;
