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

const logNews = ({ log }: TellDeps, news: News): void => {
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

/** The kind of news that each event of a mail server publishes; null if `claim.ts` publishes the event by itself. */
const NEWS_OF_EVENT: Readonly<Record<ServerEvent, News["kind"] | null>> = {
  "relais.server.connected.v1": "connected",
  "relais.server.disconnected.v1": "disconnected",
  "relais.server.expiring.v1": "expiring",
  "relais.server.reconnect_required.v1": "reconnect_required",
  "relais.server.quota_warning.v1": null,
};

const isServerEvent = (type: string): type is ServerEvent => Object.hasOwn(NEWS_OF_EVENT, type);
const SERVER_EVENTS: readonly ServerEvent[] = Object.keys(NEWS_OF_EVENT).filter(isServerEvent);

/** The data of an event, without those of the server. */
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

/** The event to publish, or null: `error` and `client_rejected` have none. */
const eventOf = (news: News): Announcement | null => {
  if (news.kind === "event") return news.event;
  const type = SERVER_EVENTS.find((candidate) => NEWS_OF_EVENT[candidate] === news.kind);
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
 * Logs the news, alerts operators, publishes the event, then deletes the notice; `tellForgotten` retries failures. If
 * the topic is down, `Announce` rewrites this notice, so that its version differs and it is not deleted here.
 */
export const teller =
  (deps: TellDeps): Tell =>
  async ({ id, version, value }) => {
    try {
      logNews(deps, value.news);
      await alertOperators(deps, value.news);
      const event = eventOf(value.news);
      const as = { id, atMs: value.happenedAtMs };
      if (event !== null) await deps.announce({ ...event, as, fromNotice: true });
      await deps.records.commit([{ op: "delete", kind: "notices", id, version }]);
    } catch (error) {
      deps.log.error("notice_not_told", { notice: id }, error);
    }
  };

type ForgottenDeps = Pick<NewsDeps, "records" | "clock" | "tell">;

/**
 * Tells the news that a crash or an outage of the topic has left untold, and counts them. It may run concurrently,
 * because each notice is claimed before it is told. Throws `Unavailable`; the next tick continues.
 */
export const tellForgotten = async (deps: ForgottenDeps): Promise<number> => {
  const upTo = deps.clock.nowMs();
  let count = 0;
  for await (const notice of everyRecord(deps.records, "noticesDue", { upTo })) {
    await claimAndTell(deps, notice);
    count += 1;
  }
  return count;
};

const claimAndTell = async (deps: ForgottenDeps, { id, version, value: before }: Versioned<Notice>): Promise<void> => {
  const value = { ...before, dueAtMs: forgottenAtMs(deps.clock) };
  const claimed = await deps.records.commit([conditionalWrite("notices", { id, version }, value)]);
  if (claimed.done) await deps.tell({ id, value, version: claimed.versions[0] ?? "" });
};
