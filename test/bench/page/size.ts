import { type Section, table } from "./section.ts";

export interface SizeFacts {
  readonly results: readonly {
    readonly function: string;
    /** Bytes of what is loaded before any request, of all files, and what each may be at most. */
    readonly start: number;
    readonly all: number;
    readonly budget: { readonly start: number; readonly all: number };
  }[];
}

const kilobytes = (bytes: number): string => Math.round(bytes / 1_000).toLocaleString("en");

export const sizeSection: Section = {
  title: "Sizes of the bundles",
  text: (json) => {
    const { results }: SizeFacts = JSON.parse(json);
    return `In kB of \`npm run build\`: what is loaded before any request, and all files, each with its budget (\`infra/build/budget.json\`, which only goes down).

${table(
  ["function", "at the start", "budget", "all", "budget"],
  results.map(({ function: name, start, all, budget }) => [
    name,
    ...[start, budget.start, all, budget.all].map(kilobytes),
  ]),
)}`;
  },
};
