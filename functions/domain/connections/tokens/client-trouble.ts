import type { Connection } from "../../mail-servers/mail-server.ts";

/** Why a valid grant cannot be refreshed: it belongs to another client than the configured one, or that is refused. */
export type ClientTrouble = "client_changed" | "client_rejected";

/** Whether only the client keeps this server from sending. */
export const hasClientTrouble = (connection: Connection): boolean =>
  connection.state === "error" && (connection.reason === "client_changed" || connection.reason === "client_rejected");
