import type { Records } from "../records.ts";
import { noteOnServer } from "./save-server.ts";

/**
 * Notes whether the SMTP server takes addresses beyond ASCII (RFC 6531), as it said itself: where it does not, they are refused when a message is accepted, until a Test
 * connection finds otherwise. One try: the next such message tells it again. Throws `Unavailable`.
 */
export const noteSmtpUtf8 = async (records: Records, serverId: string, smtpUtf8: boolean): Promise<void> => {
  const server = await records.get("mailServers", serverId);
  if (server === undefined || server.value.smtpUtf8 === smtpUtf8) return;
  await noteOnServer(records, server, { smtpUtf8 });
};
