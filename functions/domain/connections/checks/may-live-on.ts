import type { Connection } from "../../mail-servers/mail-server.ts";

/**
 * Has this grant been given up although it may live? Earlier releases ended grants as `unclear` by answers of the token endpoint that mean no end, and did
 * not record by which. Google must be asked again; its answer then says `endedBy`. Pure.
 */
export const mayLiveOn = (connection: Connection): boolean =>
  connection.state === "reconnect_required" && connection.reason === "unclear" && connection.endedBy === undefined;
