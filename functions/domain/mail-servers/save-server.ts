import { isDeepStrictEqual } from "node:util";
import { conditionalWrite } from "../change-on-condition.ts";
import { commitNews, type NewsDeps } from "../commit-news.ts";
import { checkMove } from "../connection-states.ts";
import type { Log } from "../log.ts";
import type { News } from "../news.ts";
import type { Publisher } from "../publisher.ts";
import type { CommitOutcome, Records, Versioned, Write, WriteOf } from "../records.ts";
import { canSend, type MailServer } from "./mail-server.ts";
import { newsOfMove } from "./news-of-move.ts";
import { isUnderstoodServer } from "./understood.ts";

export interface ServerDeps extends NewsDeps {
  readonly log: Log;
  readonly publisher: Publisher;
}

export interface ServerChange {
  readonly value: MailServer;
  /** Writes of the same commit; the server's own is the first. */
  readonly also?: readonly Write[];
  /** What to tell where there is more to say than the move of the connection shows. */
  readonly news?: News;
}

/** The write of a server, for a commit whose news are told later than the commit itself. */
export const serverWrite = (before: Versioned<MailServer>, value: MailServer): WriteOf<"mailServers"> => {
  checkMove(before.value.connection.state, value.connection.state);
  return conditionalWrite("mailServers", before, value);
};

/**
 * Writes a server, the one way to do it where the connection may move: on condition that nobody wrote the server since
 * it was read. Then tells of the move, and lets held mail go if the server can send again or its limits changed.
 * Throws `Unavailable`.
 */
export const saveServer = async (
  deps: ServerDeps,
  before: Versioned<MailServer>,
  { value, also = [], news }: ServerChange,
): Promise<CommitOutcome> => {
  const told = news ?? newsOfMove(before.id, before.value, value.connection);
  const outcome = await commitNews(deps, [serverWrite(before, value), ...also], told);
  if (outcome.done && opensTheWay(before.value, value)) await letHeldMailGo(deps, before.id);
  return outcome;
};

/** Members that say nothing of the connection: writing them brings no news. */
type QuietMembers = Partial<Pick<MailServer, "active" | "nextCheckAtMs" | "smtpUtf8" | "updatedAtMs">>;

/**
 * Writes such members on condition that nobody wrote the server since it was read. False: somebody did, or a later
 * release wrote it in a way that this one does not understand. Throws `Unavailable`.
 */
export const noteOnServer = async (
  records: Records,
  before: Versioned<MailServer>,
  members: QuietMembers,
): Promise<boolean> =>
  isUnderstoodServer(before.value) &&
  (await records.commit([serverWrite(before, { ...before.value, ...members })])).done;

const opensTheWay = (before: MailServer, now: MailServer): boolean =>
  canSend(now) && !(canSend(before) && isDeepStrictEqual(before.limits, now.limits));

/** The server is saved by now, and `dispatch-due` finds held mail by itself, only later. */
const letHeldMailGo = async ({ publisher, log }: ServerDeps, server: string): Promise<void> => {
  try {
    await publisher.publish("mail-dispatch", { data: { server }, attributes: {} });
  } catch (error) {
    log.error("dispatch_not_published", { server }, error);
  }
};
