import { type Section, table } from "./section.ts";

export interface Sweep {
  readonly servers: number;
  readonly seconds: number;
  /** Of the whole process. */
  readonly cpuMsPerServer: number;
  readonly readsPerServer: number;
  readonly writesPerServer: number;
  readonly peakHeapMb: number;
}

export interface RefreshFacts {
  readonly results: readonly Sweep[];
}

export const sweepRow = (sweep: Sweep, first: Sweep): readonly string[] => [
  sweep.servers.toLocaleString("en"),
  sweep.seconds.toFixed(1),
  sweep.cpuMsPerServer.toFixed(3),
  (sweep.cpuMsPerServer / first.cpuMsPerServer).toFixed(2),
  `${sweep.readsPerServer.toFixed(3)} reads, ${sweep.writesPerServer.toFixed(3)} writes`,
  sweep.peakHeapMb.toFixed(1),
  (sweep.peakHeapMb / first.peakHeapMb).toFixed(2),
];

export const refreshSection: Section = {
  title: "Sweeps of due servers",
  text: (json) => {
    const { results }: RefreshFacts = JSON.parse(json);
    return `On SQLite in memory with a Google in memory: one tick, and every check that it asks for, one after the other. A read or a query's page counts as one read; a commit counts each of its writes.

${table(
  [
    "servers",
    "seconds",
    "ms of CPU a server",
    "to the first",
    "store operations a server",
    "peak heap, MB",
    "to the first",
  ],
  results.map((sweep) => sweepRow(sweep, results[0] ?? sweep)),
)}

The CPU's time is that of the whole process; unlike the seconds it hardly depends on what else the machine does.
Each size runs in a process of its own, twice: for its times, and for its peak heap. That is what was alive at most: in the midst of the work, at every so many-th call of
a port, garbage is collected and what is left is counted.`;
  },
};
