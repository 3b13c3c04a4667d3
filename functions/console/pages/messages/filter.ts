import { MESSAGE_STATUSES } from "../../../domain/messages/statuses.ts";
import type { MessageFilter } from "../../api/types.ts";
import { dayIn, periodOf } from "../../i18n/days.ts";

/** What the list is narrowed by, as the address bar says it; empty: not at all. */
export interface Filter {
  readonly server: string;
  /** The id of an API key. */
  readonly key: string;
  readonly status: string;
  /** Days in the reader's time zone, `2026-11-12`; both are included. */
  readonly from: string;
  readonly until: string;
  /** `name=value`. */
  readonly tag: string;
  /** The start of a recipient's address or of a word of the subject, or a Message-ID in its angle brackets. */
  readonly q: string;
}

/** Not a status of the API: sent, but refused for some recipients. */
export const PARTLY_SENT = "partly_sent";

export const NO_FILTER: Filter = { server: "", key: "", status: "", from: "", until: "", tag: "", q: "" };

/** Links may be old or typed by hand, so an unknown status filters nothing. */
const statusIn = (text: string): string =>
  text === PARTLY_SENT ? text : (MESSAGE_STATUSES.find((status) => status === text) ?? "");

/** The filter in a page's address; `to` is the name that `q` had in older links. */
export const filterIn = (query: Readonly<Record<string, string | undefined>>): Filter => ({
  server: query.server ?? "",
  key: query.key ?? "",
  status: statusIn(query.status ?? ""),
  from: dayIn(query.from ?? ""),
  until: dayIn(query.until ?? ""),
  tag: (query.tag ?? "").trim(),
  q: (query.q ?? query.to ?? "").trim(),
});

export const filterPath = (filter: Filter): string => {
  const search = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));
  return search.size === 0 ? "/messages" : `/messages?${search}`;
};

/** How many things the list is narrowed by, the search aside. */
export const countNarrowing = ({ q: _, ...filter }: Filter): number =>
  Object.values(filter).filter((value) => value !== "").length;

const searchOf = (q: string): Pick<MessageFilter, "q" | "messageId"> => (/^<.+>$/.test(q) ? { messageId: q } : { q });

/** `name=value`, or a name whose value is empty. */
const tagOf = (tag: string): Readonly<Record<`tag.${string}`, string>> => {
  const [name = "", ...value] = tag.split("=");
  return tag === "" ? {} : { [`tag.${name.trim()}`]: value.join("=").trim() };
};

/** The same as parameters of `GET /v1/messages`. */
export const queryOf = ({ status, server, key, tag, q, ...days }: Filter): MessageFilter => ({
  server,
  key,
  ...(status === PARTLY_SENT ? { status: "sent", rejected: "true" } : { status }),
  ...periodOf(days),
  ...tagOf(tag),
  ...searchOf(q),
});
