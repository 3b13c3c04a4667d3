import type { Records } from "../records.ts";
import { noteOnServer } from "./save-server.ts";

/**
 * Notes whether the SMTP server takes non-ASCII addresses (RFC 6531). If not, messages with such addresses are refused
 * until a Test connection finds otherwise. No retry: the next such message brings the answer again. Throws
 * `Unavailable`.
 */
export const noteSmtpUtf8 = async (records: Records, serverId: string, smtpUtf8: boolean): Promise<void> => {
  const server = await records.get("mailServers", serverId);
  if (server === undefined || server.value.smtpUtf8 === smtpUtf8) return;
  await noteOnServer(records, server, { smtpUtf8 });
};
