import type { PageOf, QueryArguments, QueryKind, QueryName } from "./queries.ts";
import type { RecordKinds } from "./record-kinds.ts";
import type { Page, Records, Versioned } from "./records.ts";

type Found<Q extends QueryName> = Versioned<RecordKinds[QueryKind<Q>]>;

const USUAL_PAGE = 200;

/** The cursor came from the store itself and not from a caller, so a refusal is a defect. */
const expectPage = <T>(page: Page<T> | "bad_cursor"): Page<T> => {
  if (page === "bad_cursor") throw new Error("the store refused its own cursor");
  return page;
};

/** Reads one page, for work that goes on at another time from the page's `next`. Throws `Unavailable`. */
export const readPage = async <Q extends QueryName>(
  records: Pick<Records, "query">,
  name: Q,
  args: QueryArguments<Q>,
  from: PageOf<Q>,
): Promise<Page<RecordKinds[QueryKind<Q>]>> => expectPage(await records.query(name, args, from));

interface Paging<Q extends QueryName> {
  /** Records a page. */
  readonly page?: number;
  readonly part?: PageOf<Q>["part"];
}

/** Runs a query page by page, for work on many records at once. Throws `Unavailable`. */
export async function* everyPage<Q extends QueryName>(
  records: Pick<Records, "query">,
  name: Q,
  args: QueryArguments<Q>,
  { page: limit = USUAL_PAGE, part }: Paging<Q> = {},
): AsyncGenerator<readonly Found<Q>[], void, undefined> {
  let cursor: string | null = null;
  do {
    const page: Page<RecordKinds[QueryKind<Q>]> = await readPage(records, name, args, { limit, cursor, part });
    yield page.items;
    cursor = page.next;
  } while (cursor !== null);
}

/**
 * Yields every record that a query finds, reading pages as needed. A record that moves in the query's order in the
 * meantime may be found twice or not at all. Throws `Unavailable`.
 */
export async function* everyRecord<Q extends QueryName>(
  ...query: Parameters<typeof everyPage<Q>>
): AsyncGenerator<Found<Q>, void, undefined> {
  for await (const page of everyPage(...query)) yield* page;
}

/** Reads all records that a query finds, up to `most`, into memory: only for small results. Throws `Unavailable`. */
export const listRecords = async <Q extends QueryName>(
  records: Pick<Records, "query">,
  name: Q,
  args: QueryArguments<Q>,
  { most = Number.POSITIVE_INFINITY }: { readonly most?: number } = {},
): Promise<readonly Found<Q>[]> => {
  const found: Found<Q>[] = [];
  for await (const page of everyPage(records, name, args, { page: Math.min(USUAL_PAGE, most) })) {
    found.push(...page);
    if (found.length >= most) break;
  }
  return found.slice(0, most);
};
