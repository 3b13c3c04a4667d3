import type { Alert } from "../alerts/operator-alert.ts";
import { conditionalWrite } from "../change-on-condition.ts";
import { isoTimeOrNull } from "../clock.ts";
import type { NewsDeps, Tell } from "../commit-news.ts";
import { everyRecord } from "../every-record.ts";
import type { Log } from "../log.ts";
import { forgottenAtMs, type News, type Notice } from "../news.ts";
import type { Announce, Announcement, ServerEvent } from "../publisher.ts";
import type { Records, Versioned } from "../records.ts";
import { unhandled } from "../unhandled.ts";

export interface TellDeps {
  readonly records: Records;
  readonly log: Log;
  readonly announce: Announce;
  readonly alert: Alert;
}

const logIt = ({ log }: TellDeps, news: News): void => {
  switch (news.kind) {
    case "connected":
      log.info("connection_connected", { server: news.server.id, transport: news.transport });
      break;
    case "disconnected":
      log.info("connection_disconnected", { server: news.server.id, revoked: news.outcome?.revoked ?? null });
      break;
    case "expiring":
      log.warn("connection_expiring", { server: news.server.id, reason: news.reason, warning: news.warning });
      break;
    case "error":
      log.warn("connection_error", { server: news.server.id, reason: news.reason });
      break;
    case "reconnect_required":
      log.warn("connection_reconnect_required", {
        server: news.server.id,
        reason: news.reason,
        ...news.evidence,
      });
      break;
    case "client_rejected":
      log.error("oauth_client_rejected", { error: news.error });
      break;
    case "event":
      break;
    default:
      unhandled("news", news);
  }
};

/** Which news each event about a mail server tells; null: `claim.ts` announces it, and it is no news of a connection. */
const TELLS: Readonly<Record<ServerEvent, News["kind"] | null>> = {
  "relais.server.connected.v1": "connected",
  "relais.server.disconnected.v1": "disconnected",
  "relais.server.expiring.v1": "expiring",
  "relais.server.reconnect_required.v1": "reconnect_required",
  "relais.server.quota_warning.v1": null,
};

const isServerEvent = (type: string): type is ServerEvent => Object.hasOwn(TELLS, type);
const SERVER_EVENTS: readonly ServerEvent[] = Object.keys(TELLS).filter(isServerEvent);

/** What an event tells besides which server it is about. */
const dataOf = (news: Exclude<News, { readonly kind: "event" }>): Announcement["data"] => {
  switch (news.kind) {
    case "connected":
      return { email: news.email };
    case "disconnected":
      return { ...news.outcome };
    case "expiring":
      return { reason: news.reason, expiresAt: isoTimeOrNull(news.expiresAtMs), warning: news.warning };
    case "reconnect_required":
      return { reason: news.reason, evidence: news.evidence };
    case "error":
    case "client_rejected":
      return {};
    default:
      return unhandled("news", news);
  }
};

/** What the world is told; of `error` and of the client nothing, for which there are no events. */
const eventOf = (news: News): Announcement | null => {
  if (news.kind === "event") return news.event;
  const type = SERVER_EVENTS.find((candidate) => TELLS[candidate] === news.kind);
  if (type === undefined || !("server" in news)) return null;
  const { id, name, username } = news.server;
  return { type, subject: id, data: { server: id, name, username, ...dataOf(news) } };
};

const alertOperators = async ({ alert }: TellDeps, news: News): Promise<void> => {
  if (news.kind === "client_rejected") return alert({ kind: news.kind, clientId: news.clientId, error: news.error });
  if (news.kind !== "expiring" && news.kind !== "error" && news.kind !== "reconnect_required") return;
  const { server, grant, reason } = news;
  const about = { id: server.id, name: server.name, grant, reason };
  if (news.kind !== "expiring") return alert({ kind: news.kind, server: about, sinceMs: news.sinceMs });
  const { expiresAtMs, warning } = news;
  return alert({ kind: "expiring", server: about, expiresAtMs, warning });
};

/**
 * Tells log, operators and world, then deletes the notice; `tellForgotten` tells what failed. A topic that takes nothing
 * leaves the event in the very notice (`Announce`), whose version then is another, so that it is not deleted here.
 */
export const teller =
  (deps: TellDeps): Tell =>
  async ({ id, version, value }) => {
    try {
      logIt(deps, value.news);
      await alertOperators(deps, value.news);
      const event = eventOf(value.news);
      if (event !== null) await deps.announce({ ...event, as: { id, atMs: value.happenedAtMs } });
      await deps.records.commit([{ op: "delete", kind: "notices", id, version }]);
    } catch (error) {
      deps.log.error("notice_not_told", { notice: id }, error);
    }
  };

type ForgottenDeps = Pick<NewsDeps, "records" | "clock" | "tell">;

/**
 * Tells what a crash or a silent topic has left untold. May run twice at once: each notice is taken before it is told. Answers how many there were.
 * Throws `Unavailable`; the next tick goes on.
 */
export const tellForgotten = async (deps: ForgottenDeps): Promise<number> => {
  const upTo = deps.clock.nowMs();
  let count = 0;
  for await (const notice of everyRecord(deps.records, "noticesDue", { upTo })) {
    await takeAndTell(deps, notice);
    count += 1;
  }
  return count;
};

const takeAndTell = async (deps: ForgottenDeps, { id, version, value: before }: Versioned<Notice>): Promise<void> => {
  const value = { ...before, dueAtMs: forgottenAtMs(deps.clock) };
  const taken = await deps.records.commit([conditionalWrite("notices", { id, version }, value)]);
  if (taken.done) await deps.tell({ id, value, version: taken.versions[0] ?? "" });
};
