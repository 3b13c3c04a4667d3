import { type Section, table } from "./section.ts";

/** The bounds that web.dev calls good; of the time until a page is usable, our own. */
export const GOOD = { usableMs: 1_000, lcpMs: 2_500, cls: 0.1, inpMs: 200, tbtMs: 200 } as const;

export interface PageFigures {
  readonly page: string;
  /** With an empty cache: medians of all rounds. */
  readonly first: { readonly usableMs: number; readonly lcpMs: number; readonly cls: number; readonly tbtMs: number };
  /** From another page of the console. */
  readonly turn: { readonly usableMs: number; readonly cls: number; readonly tbtMs: number };
  /** The slowest interaction with the page. */
  readonly inpMs: number;
}

export interface LongList {
  readonly messages: number;
  readonly nodes: number;
  /** While it was scrolled to its end. */
  readonly scrolling: { readonly seconds: number; readonly longTasks: number; readonly longestTaskMs: number };
  /** At the end, when all are known. */
  readonly acts: readonly { readonly act: string; readonly inpMs: number; readonly usableMs: number }[];
}

export interface ConsoleFacts {
  readonly rounds: number;
  readonly pages: readonly PageFigures[];
  readonly list: LongList;
}

const ms = (value: number, bound?: number): string =>
  `${bound !== undefined && value > bound ? "**" : ""}${Math.round(value)}${bound !== undefined && value > bound ? "**" : ""}`;
const cls = (value: number): string => (value > GOOD.cls ? `**${value.toFixed(3)}**` : value.toFixed(3));

export const consoleSection: Section = {
  title: "The console on a phone",
  text: (json) => {
    const { rounds, pages, list }: ConsoleFacts = JSON.parse(json);
    const { scrolling } = list;
    return `As the browser itself tells it (\`PerformanceObserver\`), in a window of 412 px, with the processor slowed down four times and a network of 150 ms and 1.6 Mbit/s (what Lighthouse takes for a mid-range phone on slow 4G).
Medians of ${rounds} rounds, in ms. *First visit*: with an empty cache. *Turn*: from another page of the console. Usable: the heading is there and nothing is loading any more. INP: the slowest of the interactions with the page. TBT: what tasks took beyond 50 ms each, on a first visit from the first contentful paint on. What is beyond a bound is bold: LCP ${GOOD.lcpMs}, CLS ${GOOD.cls}, INP ${GOOD.inpMs}, TBT ${GOOD.tbtMs}; usable after a turn ${GOOD.usableMs}.

${table(
  ["page", "first visit, usable", "LCP", "CLS", "TBT", "turn, usable", "CLS", "TBT", "INP"],
  pages.map(({ page, first, turn, inpMs }) => [
    page,
    ms(first.usableMs),
    ms(first.lcpMs, GOOD.lcpMs),
    cls(first.cls),
    ms(first.tbtMs, GOOD.tbtMs),
    ms(turn.usableMs, GOOD.usableMs),
    cls(turn.cls),
    ms(turn.tbtMs, GOOD.tbtMs),
    ms(inpMs, GOOD.inpMs),
  ]),
)}

### ${list.messages.toLocaleString("en")} messages in the list

The same slow processor, and a network that is not slowed down, in a window of 1,280 px. Scrolled to the end in ${scrolling.seconds.toFixed(1)} s; on the way, ${scrolling.longTasks} tasks took longer than 50 ms, the longest ${Math.round(scrolling.longestTaskMs)} ms. The document then has ${list.nodes.toLocaleString("en")} elements.

${table(
  ["at the end of the list", "INP", "usable after"],
  list.acts.map(({ act, inpMs, usableMs }) => [act, ms(inpMs, GOOD.inpMs), ms(usableMs)]),
)}`;
  },
};
