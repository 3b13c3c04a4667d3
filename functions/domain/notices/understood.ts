import { isKnownReason } from "../mail-servers/understood.ts";
import type { News, Notice } from "../news.ts";

const KINDS: Readonly<Record<News["kind"], true>> = {
  connected: true,
  disconnected: true,
  expiring: true,
  error: true,
  reconnect_required: true,
  client_rejected: true,
  event: true,
};

/** Whether this release can tell these news. It need not know the type of an event. */
export const isUnderstoodNotice = ({ news }: Notice): boolean =>
  Object.hasOwn(KINDS, news.kind) && (!("reason" in news) || isKnownReason(news.reason));
