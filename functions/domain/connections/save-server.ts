import { commitNews, type NewsDeps } from "../commit-news.ts";
import { checkMove } from "../connection-states.ts";
import { canSend, type MailServer } from "../mail-servers/mail-server.ts";
import type { Publisher } from "../publisher.ts";
import type { Versioned, Write } from "../records.ts";
import { newsOfMove } from "./news-of-move.ts";

/**
 * Writes a server whose connection has moved, on condition that nobody wrote it since it was read, tells of the move, and lets its held mail go where it can send
 * again. False: somebody wrote. Throws `Unavailable`.
 */
export const saveServer = async (
  deps: NewsDeps & { readonly publisher: Publisher },
  { id, version, value: before }: Versioned<MailServer>,
  { value, also = [] }: { readonly value: MailServer; readonly also?: readonly Write[] },
): Promise<boolean> => {
  checkMove(before.connection.state, value.connection.state);
  const write = { op: "replace", kind: "mailServers", id, version, value } as const;
  const outcome = await commitNews(deps, [write, ...also], newsOfMove(id, before, value.connection));
  if (outcome.done && canSend(value) && !canSend(before)) {
    await deps.publisher.publish("mail-dispatch", { data: { server: id }, attributes: {} });
  }
  return outcome.done;
};
