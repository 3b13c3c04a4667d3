import type { QueryArguments, QueryKind, QueryName } from "./queries.ts";
import type { RecordKinds } from "./record-kinds.ts";
import type { Page, Records, Versioned } from "./records.ts";

type Found<Q extends QueryName> = Versioned<RecordKinds[QueryKind<Q>]>;

const USUAL_PAGE = 200;

/** A page that no caller chose: the store made its cursor, so a refusal is a defect. */
const ownPage = <T>(page: Page<T> | "bad_cursor"): Page<T> => {
  if (page === "bad_cursor") throw new Error("the store refused its own cursor");
  return page;
};

/** What a query finds, page by page, for work that takes many records at once. Throws `Unavailable`. */
export async function* everyPage<Q extends QueryName>(
  records: Pick<Records, "query">,
  name: Q,
  args: QueryArguments<Q>,
  { page: limit = USUAL_PAGE }: { readonly page?: number } = {},
): AsyncGenerator<readonly Found<Q>[], void, undefined> {
  let cursor: string | null = null;
  do {
    const page: Page<RecordKinds[QueryKind<Q>]> = ownPage(await records.query(name, args, { limit, cursor }));
    yield page.items;
    cursor = page.next;
  } while (cursor !== null);
}

/**
 * Every record that a query finds, in its order; pages are read as they are needed. A record that is written meanwhile
 * may be found once more or not at all, as its new place in the order has it. Throws `Unavailable`.
 */
export async function* everyRecord<Q extends QueryName>(
  ...query: Parameters<typeof everyPage<Q>>
): AsyncGenerator<Found<Q>, void, undefined> {
  for await (const page of everyPage(...query)) yield* page;
}

/** The records that a query finds, at most so many, read whole: for what is few. Throws `Unavailable`. */
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
