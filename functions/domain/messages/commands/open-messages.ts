import { listRecords } from "../../every-record.ts";
import type { OpenMessages } from "../../mail-servers/delete-mail-server.ts";
import type { Records } from "../../records.ts";
import type { MessageStatus } from "../message.ts";
import { UNDER_WAY, WAITING } from "../statuses.ts";

const anyIn = async (records: Records, serverId: string, statuses: readonly MessageStatus[]): Promise<boolean> => {
  const found = await Promise.all(
    statuses.map((status) => listRecords(records, "messagesOfServerByStatus", { serverId, status }, { most: 1 })),
  );
  return found.some((messages) => messages.length > 0);
};

/** Tells whether a server that is being deleted still has messages to send. */
export const openMessages = ({ records }: { readonly records: Records }): OpenMessages => ({
  anyUnderWay: (serverId) => anyIn(records, serverId, UNDER_WAY),
  anyWaiting: (serverId) => anyIn(records, serverId, WAITING),
});
