import type { ComponentChildren } from "preact";
import type { ApiFailure } from "../api/failure.ts";
import { t } from "../state/language.ts";
import type { Paged } from "../state/pages.ts";
import { ProblemNotice } from "./notice.tsx";
import { RemoteView } from "./remote-view.tsx";

interface Props<T> {
  readonly paged: Paged<T>;
  readonly empty: ComponentChildren;
  /** Failures to show as an empty list, such as a filter by something that no longer exists. */
  readonly nothingMatches?: (failure: ApiFailure) => boolean;
  readonly row: (item: T) => ComponentChildren;
}

export const PagedList = <T,>({ paged, empty, nothingMatches, row }: Props<T>): ComponentChildren => {
  const { remote } = paged.first;
  return remote.phase === "failed" && nothingMatches?.(remote.failure) === true ? (
    empty
  ) : (
    <Rows paged={paged} empty={empty} row={row} />
  );
};

const Rows = <T,>({ paged, empty, row }: Omit<Props<T>, "nothingMatches">) => (
  <RemoteView handle={paged.first}>
    {(page) => {
      const items = paged.all(page);
      const next = paged.next(page);
      // A member may see none of the newest messages but some of the older ones.
      if (items.length === 0 && next === null) return empty;
      return (
        <div class="stack">
          {items.length > 0 && <ul class="rows">{items.map(row)}</ul>}
          {paged.failure && <ProblemNotice failure={paged.failure} />}
          {next !== null && (
            <div class="actions">
              <button type="button" class="button" aria-disabled={paged.busy} onClick={() => void paged.loadMore(next)}>
                {paged.busy ? t("state.working") : t("list.more")}
              </button>
            </div>
          )}
        </div>
      );
    }}
  </RemoteView>
);
