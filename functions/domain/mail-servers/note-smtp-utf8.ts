import type { Records } from "../records.ts";

/**
 * A session has shown that the server takes no addresses beyond ASCII (RFC 6531): from now on they are refused when a message is accepted, until a Test connection
 * finds otherwise. One try: the next such message tells it again. Throws `Unavailable`.
 */
export const noteSmtpUtf8 = async (records: Records, serverId: string): Promise<void> => {
  const server = await records.get("mailServers", serverId);
  if (server === undefined || server.value.smtpUtf8 === false) return;
  const value = { ...server.value, smtpUtf8: false };
  await records.commit([{ op: "replace", kind: "mailServers", id: serverId, version: server.version, value }]);
};
