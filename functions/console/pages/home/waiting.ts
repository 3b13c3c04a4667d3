import type { ApiResult } from "../../api/failure.ts";
import type { Listing, Message } from "../../api/types.ts";

/** Waiting because something must happen first; scheduled messages wait for their time, as someone wanted. */
const STATUSES = ["queued", "held", "deferred"] as const;
type Status = (typeof STATUSES)[number];

/** Counting goes on by reading messages, so it stops where a person would no longer count either. */
const MOST = 50;

export interface Waiting {
  readonly count: number;
  /** There are more than were counted. */
  readonly isMore: boolean;
  /** The status of most of them. */
  readonly mostly: Status;
}

type List = (query: { readonly status: Status; readonly limit: number }) => Promise<ApiResult<Listing<Message>>>;

/** Null if one of the lists cannot be read: without it, the number would be too small. */
export const readWaiting = async (list: List): Promise<Waiting | null> => {
  const lists = await Promise.all(
    STATUSES.map(async (status) => ({ status, read: await list({ status, limit: MOST }) })),
  );
  const counts = lists.flatMap(({ status, read }) =>
    read.ok ? [{ status, count: read.value.items.length, isMore: read.value.next !== null }] : [],
  );
  if (counts.length < lists.length) return null;
  const [most] = counts.toSorted((a, b) => b.count - a.count);
  return {
    count: counts.reduce((all, { count }) => all + count, 0),
    isMore: counts.some(({ isMore }) => isMore),
    mostly: most === undefined || most.count === 0 ? "held" : most.status,
  };
};
