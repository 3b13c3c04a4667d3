import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ApiFailure } from "../api/failure.ts";
import { t } from "../state/language.ts";
import type { ListSoFar } from "../state/list-so-far.ts";
import type { Paged } from "../state/pages.ts";
import { ProblemNotice } from "./notice.tsx";
import { RemoteView } from "./remote-view.tsx";

interface Props<T> {
  readonly paged: Paged<T>;
  readonly empty: ComponentChildren;
  /** Failures to show as an empty list, such as a filter by something that no longer exists. */
  readonly nothingMatches?: (failure: ApiFailure) => boolean;
  /** Gets everything read so far; never without items. */
  readonly children: (list: ListSoFar<T>) => ComponentChildren;
}

export const PagedList = <T,>({ paged, empty, nothingMatches, children }: Props<T>): ComponentChildren => {
  const { remote } = paged.first;
  return remote.phase === "failed" && nothingMatches?.(remote.failure) === true ? (
    empty
  ) : (
    <Items paged={paged} empty={empty}>
      {children}
    </Items>
  );
};

/** How far below the window the next page is asked for already. */
const AHEAD = "600px";

/** Reads on by itself as the reader comes near, once per page; pressing it works as well. */
const More = <T,>({ paged, next }: { readonly paged: Paged<T>; readonly next: string }) => {
  const button = useRef<HTMLButtonElement>(null);
  const load = useRef(() => {});
  load.current = () => void paged.loadMore(next);
  useEffect(() => {
    if (button.current === null || !paged.readsOn) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && load.current(),
      { rootMargin: AHEAD },
    );
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [next, paged.readsOn]);
  return (
    <div class="actions">
      <button
        ref={button}
        type="button"
        class="button"
        aria-disabled={paged.busy}
        onClick={() => void paged.loadMore(next)}
      >
        {paged.busy ? t("state.working") : t("list.more")}
      </button>
    </div>
  );
};

const Items = <T,>({ paged, empty, children }: Omit<Props<T>, "nothingMatches">) => (
  <RemoteView handle={paged.first}>
    {() => {
      const { list } = paged;
      // A member may see none of the newest messages but some of the older ones.
      if (list === null || (list.items.length === 0 && list.next === null)) return empty;
      return (
        <div class="stack">
          {list.items.length > 0 && children(list)}
          {paged.failure && <ProblemNotice failure={paged.failure} />}
          {list.next !== null && <More paged={paged} next={list.next} />}
        </div>
      );
    }}
  </RemoteView>
);
