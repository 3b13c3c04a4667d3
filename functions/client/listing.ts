/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The `cursor` of the next page; null on the last one. */
  readonly next: string | null;
}

/**
 * A list: `await` it for its first page, run `for await` over it for every item of every page, or over `pages()` for
 * the pages.
 */
export interface Listing<T> extends Promise<Page<T>>, AsyncIterable<T> {
  pages(): AsyncIterable<Page<T>>;
}

/** `read` gets the cursor of the page, undefined for the first. Pages after the first are read as they are needed. */
export const listing = <T>(read: (cursor: string | undefined) => Promise<Page<T>>): Listing<T> => {
  const first = read(undefined);
  // A failure before anyone iterates would end the process; awaiting or iterating later still throws it.
  first.catch(() => {});
  const pages = async function* (): AsyncGenerator<Page<T>, void> {
    let page = await first;
    yield page;
    while (page.next !== null) {
      page = await read(page.next);
      yield page;
    }
  };
  const items = async function* (): AsyncGenerator<T, void> {
    for await (const page of pages()) yield* page.items;
  };
  return Object.assign(first, { pages, [Symbol.asyncIterator]: items });
};
