/** What one part of the bench shows of its JSON. */
export interface Section {
  readonly title: string;
  /** Gets the file's text; what stands above the section's figures is not its business. */
  readonly text: (json: string) => string;
}

export type Row = readonly (string | number)[];

const line = (cells: Row): string => `| ${cells.join(" | ")} |`;

export const table = (head: readonly string[], rows: readonly Row[]): string =>
  [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
