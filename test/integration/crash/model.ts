/** What is known of a message when its worker was killed. */
export interface Facts {
  /** Was the mark durable? `perhaps`: its write was under way. */
  readonly marked: boolean | "perhaps";
  /** Was it durable that it had been sent? */
  readonly settled: boolean | "perhaps";
  /** Whether the granted scopes let the sent mail be searched. */
  readonly searchable: boolean;
}

type Certain = { readonly [K in keyof Facts]: boolean };

/**
 * The whole promise. Before the mark: sent once, by itself. After it: `sent` if the mailbox has it, `unknown` exactly if it has not; where nobody may
 * search, `unknown` either way. Once settled, sent. Never two copies.
 */
const keeps = ({ marked, settled, searchable }: Certain, outcome: string, copies: number): boolean => {
  if (!marked || settled) return outcome === "sent" && copies === 1;
  if (copies > 1) return false;
  return searchable ? outcome === (copies === 1 ? "sent" : "unknown") : outcome === "unknown";
};

const either = (fact: boolean | "perhaps"): readonly boolean[] => (fact === "perhaps" ? [false, true] : [fact]);

export const asItShould = ({ marked, settled, searchable }: Facts, outcome: string, copies: number): boolean =>
  either(marked).some((mark) =>
    either(settled).some((end) => keeps({ marked: mark, settled: end, searchable }, outcome, copies)),
  );

/** What became of one message whose worker was killed at a point. */
export interface Row extends Facts {
  readonly point: string;
  readonly outcome: string;
  /** In the mailbox. */
  readonly copies: number;
  readonly asItShould: boolean;
}

/** Point × outcome × copies. */
export const tableOf = (rows: readonly Row[]): string => {
  const cells = new Map<string, number>();
  for (const { point, searchable, outcome, copies, asItShould: fine } of rows) {
    const cell = `| ${point} | ${searchable ? "yes" : "no"} | ${outcome} | ${copies} | ${fine ? "" : "WRONG"} |`;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  const head =
    "| killed at | search allowed | outcome | copies in the mailbox | | times |\n|---|---|---|---|---|---|\n";
  return head + [...cells].map(([cell, times]) => `${cell} ${times} |`).join("\n");
};
