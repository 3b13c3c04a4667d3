/** `perhaps`: it was under way. */
export type Fact = boolean | "perhaps";

/** What is known of a message when its worker was killed. */
export interface Facts {
  /** Was the mark durable? */
  readonly marked: Fact;
  /** Had Gmail the whole message? */
  readonly taken: Fact;
  /** Was it durable that it had been sent? */
  readonly settled: Fact;
  /** Whether the granted scopes let the sent mail be searched. */
  readonly searchable: boolean;
}

type Certain = { readonly [K in keyof Facts]: boolean };

/** What became of one message in the end. */
export interface End {
  readonly outcome: string;
  /** In the mailbox. */
  readonly copies: number;
  /** How often the sent mail was searched for it. */
  readonly looks: number;
}

/**
 * The whole promise. Before the mark: sent once, by itself. After it never sent again: `sent` if Gmail had it by then, `unknown` exactly if it had not;
 * where nobody may search, `unknown` either way and without a look. Once settled, sent.
 */
const keeps = ({ marked, taken, settled, searchable }: Certain, { outcome, copies, looks }: End): boolean => {
  if (!marked || settled) return outcome === "sent" && copies === 1;
  if (copies !== (taken ? 1 : 0)) return false;
  return searchable ? outcome === (taken ? "sent" : "unknown") : outcome === "unknown" && looks === 0;
};

const either = (fact: Fact): readonly boolean[] => (fact === "perhaps" ? [false, true] : [fact]);

export const asItShould = ({ marked, taken, settled, searchable }: Facts, end: End): boolean =>
  either(marked).some((mark) =>
    either(taken).some((took) =>
      either(settled).some((done) => keeps({ marked: mark, taken: took, settled: done, searchable }, end)),
    ),
  );

/** One message, whose worker was killed at a point. */
export interface Row extends Facts, End {
  readonly point: string;
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
