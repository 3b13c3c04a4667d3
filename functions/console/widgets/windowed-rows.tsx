import type { VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { printing } from "../state/printing.ts";

/** So many rows are put in and taken out together. */
const CHUNK = 25;
/** A chunk within a screen of the window is near, so that rows are there before they are scrolled to. */
const NEAR = "100% 0px";

const told = new WeakMap<Element, (entry: IntersectionObserverEntry) => void>();
let observer: IntersectionObserver | undefined;

/** Tells at once, and again at each change, whether the element is near the window. One observer serves all. */
const watch = (element: Element): void => {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const entry of entries) told.get(entry.target)?.(entry);
    },
    { rootMargin: NEAR },
  );
  observer.unobserve(element);
  observer.observe(element);
};

/** Near the window its rows; far from it, an empty body as high as they were. A chunk with the focus stays. */
const Chunk = ({ rows }: { readonly rows: () => readonly VNode[] }) => {
  const body = useRef<HTMLTableSectionElement>(null);
  const [farHeight, setFarHeight] = useState<number | null>(null);
  useLayoutEffect(() => {
    const { current } = body;
    if (current === null) return undefined;
    told.set(current, ({ isIntersecting, boundingClientRect }) => {
      if (isIntersecting) setFarHeight(null);
      else if (!current.contains(document.activeElement)) setFarHeight(boundingClientRect.height);
    });
    watch(current);
    return () => observer?.unobserve(current);
  }, []);
  const isFar = farHeight !== null && !printing.value;
  return (
    <tbody
      ref={body}
      {...(isFar && { style: { height: `${farHeight}px` } })}
      onFocusOut={({ currentTarget }) => watch(currentTarget)}
    >
      {!isFar && rows()}
    </tbody>
  );
};

interface Props<T> {
  readonly items: readonly T[];
  /** The number of the first item. While items keep their numbers, they keep their chunks. */
  readonly startsAt: number;
  /** The row of an item, with its place among `items` from 0; it must have a key. */
  readonly row: (item: T, at: number) => VNode;
}

/**
 * The bodies of a table with any number of rows, of which only those near the window are in the document. The table
 * must say by `aria-rowcount` how many there are, and each row by `aria-rowindex` which one it is.
 */
export const WindowedRows = <T,>({ items, startsAt, row }: Props<T>) => {
  const chunks: VNode[] = [];
  for (let from = 0; from < items.length; ) {
    const number = Math.floor((startsAt + from) / CHUNK);
    const [start, end] = [from, (number + 1) * CHUNK - startsAt];
    chunks.push(<Chunk key={number} rows={() => items.slice(start, end).map((item, at) => row(item, start + at))} />);
    from = end;
  }
  return <>{chunks}</>;
};
