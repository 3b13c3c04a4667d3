import { type Section, table } from "./section.ts";

export interface Asked {
  readonly what: string;
  readonly times: number;
  readonly p95Ms: number;
  /** Of the whole process, with the client that asks. */
  readonly cpuMs: number;
}

export interface Size {
  readonly messages: number;
  readonly servers: number;
  /** CPU time to fill the store, and to open it, which makes all indexes. */
  readonly fillS: number;
  readonly indexS: number;
  /** What is alive after all that was asked. */
  readonly heapMb: number;
  readonly asked: readonly Asked[];
  /** By the clock, all of it; earlier results do not say. */
  readonly tookS?: number;
}

export interface ScaleFacts {
  readonly results: readonly Size[];
}

const cell = ({ p95Ms, cpuMs }: Asked): string => `${p95Ms.toFixed(1)} / ${cpuMs.toFixed(1)}`;

const rowsOf = (results: readonly Size[]): readonly (readonly string[])[] => {
  const [first, last] = [results[0], results.at(-1)];
  return (first?.asked ?? []).map(({ what, cpuMs }) => {
    const found = results.map(({ asked }) => asked.find((one) => one.what === what));
    const grown = (last?.asked.find((one) => one.what === what)?.cpuMs ?? Number.NaN) / cpuMs;
    return [what, ...found.map((one) => (one === undefined ? "" : cell(one))), `× ${grown.toFixed(1)}`];
  });
};

export const scaleSection: Section = {
  title: "Scale",
  text: (json) => {
    const { results }: ScaleFacts = JSON.parse(json);
    const sizes = results.map(({ messages }) => messages.toLocaleString("en"));
    const facts = (of: (size: Size) => string): readonly string[] => results.map(of);
    return `The embedded store with so many messages, and a tenth as many servers: what lists, filters, searches, ticks and the home page ask of it, through the HTTP edge and the handlers.
Each cell has the 95th percentile by the clock and the mean of the process's CPU time, in ms; the last column says how the CPU time grows from the first size to the last. A hundredth of the messages and servers is due; a tick's cell is for each of them.

${table(
  ["messages", ...sizes, "growth of CPU"],
  [
    ["servers", ...facts(({ servers }) => servers.toLocaleString("en")), ""],
    ...rowsOf(results),
    ["heap after all of it, MB", ...facts(({ heapMb }) => heapMb.toFixed(0)), ""],
    ["CPU to make all indexes of a filled store, s", ...facts(({ indexS }) => indexS.toFixed(1)), ""],
    ...(results.every(({ tookS }) => tookS !== undefined)
      ? [["all of it by the clock, s", ...facts(({ tookS = 0 }) => tookS.toFixed(0)), ""]]
      : []),
  ],
)}`;
  },
};
