import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
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
  /** Everything read so far; never none. */
  readonly children: (items: readonly T[]) => ComponentChildren;
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
    {(page) => {
      const items = paged.all(page);
      const next = paged.next(page);
      // A member may see none of the newest messages but some of the older ones.
      if (items.length === 0 && next === null) return empty;
      return (
        <div class="stack">
          {items.length > 0 && children(items)}
          {paged.failure && <ProblemNotice failure={paged.failure} />}
          {next !== null && <More paged={paged} next={next} />}
        </div>
      );
    }}
  </RemoteView>
);
