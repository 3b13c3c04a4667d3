import type { Connection } from "../../mail-servers/mail-server.ts";

/** Why a living grant cannot be refreshed: it was given to another client than Relais speaks to Google as now, or Google refuses that client. */
export type ClientTrouble = "client_changed" | "client_rejected";

/** Is the client, and nothing else, what keeps this server from sending? Pure. */
export const hasClientTrouble = (connection: Connection): boolean =>
  connection.state === "error" && (connection.reason === "client_changed" || connection.reason === "client_rejected");
