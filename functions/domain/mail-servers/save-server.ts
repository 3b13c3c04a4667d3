import { isDeepStrictEqual } from "node:util";
import { conditionalWrite } from "../change-on-condition.ts";
import { commitNews, type NewsDeps } from "../commit-news.ts";
import { checkMove } from "../connection-states.ts";
import type { Log } from "../log.ts";
import type { News } from "../news.ts";
import type { Publisher } from "../publisher.ts";
import type { CommitOutcome, Records, Versioned, Write, WriteOf } from "../records.ts";
import { isSealedVersion } from "../secret-vault.ts";
import { canSend, grantOf, type MailServer } from "./mail-server.ts";
import { newsOfMove } from "./news-of-move.ts";
import { isUnderstoodServer } from "./understood.ts";

export interface ServerDeps extends NewsDeps {
  readonly log: Log;
  readonly publisher: Publisher;
}

export interface ServerChange {
  readonly value: MailServer;
  /** More writes for the commit, after the server's own. */
  readonly also?: readonly Write[];
  /** Replaces the news that follows from the connection's move. */
  readonly news?: readonly News[];
}

const SEALED_TOKEN_VERSION = 2;

/** Says in the record which releases may change it. */
const withRecordVersion = ({ recordVersion: _, ...server }: MailServer): MailServer => {
  const grant = grantOf(server);
  const isSealed = grant !== null && isSealedVersion(grant.secretVersion);
  return isSealed ? { ...server, recordVersion: SEALED_TOKEN_VERSION } : server;
};

/** The conditional write of a server, for a commit not made by `saveServer`. Throws if the move is not allowed. */
export const serverWrite = (before: Versioned<MailServer>, value: MailServer): WriteOf<"mailServers"> => {
  checkMove(before.value.connection.state, value.connection.state);
  return conditionalWrite("mailServers", before, withRecordVersion(value));
};

/**
 * Writes a server if it is unchanged since it was read; every move of a connection goes through here. Then tells the
 * news of the move, and releases held mail if the server can send again or its limits changed. Throws `Unavailable`.
 */
export const saveServer = async (
  deps: ServerDeps,
  before: Versioned<MailServer>,
  { value, also = [], news }: ServerChange,
): Promise<CommitOutcome> => {
  const newsToTell = news ?? [newsOfMove(before.id, before.value, value.connection) ?? []].flat();
  const outcome = await commitNews(deps, [serverWrite(before, value), ...also], newsToTell);
  if (outcome.done && canSendMore(before.value, value)) await releaseHeldMail(deps, before.id);
  return outcome;
};

/** The members that do not concern the connection, so that a change to them causes no news. */
type QuietMembers = Partial<Pick<MailServer, "active" | "nextCheckAtMs" | "smtpUtf8" | "updatedAtMs">>;

/**
 * Writes such members if the server is unchanged since it was read. False if it has changed, or if this release does
 * not understand it. Throws `Unavailable`.
 */
export const noteOnServer = async (
  records: Records,
  before: Versioned<MailServer>,
  members: QuietMembers,
): Promise<boolean> =>
  isUnderstoodServer(before.value) &&
  (await records.commit([serverWrite(before, { ...before.value, ...members })])).done;

const canSendMore = (before: MailServer, now: MailServer): boolean =>
  canSend(now) && !(canSend(before) && isDeepStrictEqual(before.limits, now.limits));

/** A failure is only logged: the server is saved, and `dispatch-due` finds the held mail anyway, only later. */
const releaseHeldMail = async ({ publisher, log }: ServerDeps, server: string): Promise<void> => {
  try {
    await publisher.publish("mail-dispatch", { data: { server }, attributes: {} });
  } catch (error) {
    log.error("dispatch_not_published", { server }, error);
  }
};
