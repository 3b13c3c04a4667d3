/** `perhaps`: it was in progress. */
export type Fact = boolean | "perhaps";

/** What is known of a message when its worker was killed. */
export interface Facts {
  /** Whether the mark was durable. */
  readonly marked: Fact;
  /** Whether Gmail had the whole message. */
  readonly taken: Fact;
  /** Whether it was durable that the message had been sent. */
  readonly settled: Fact;
  /** Whether the granted scopes allow a search of the sent mail. */
  readonly searchable: boolean;
}

type Certain = { readonly [K in keyof Facts]: boolean };

/** What became of one message in the end. */
export interface End {
  readonly outcome: string;
  /** How many are in the mailbox. */
  readonly copies: number;
  /** How often the sent mail was searched for it. */
  readonly looks: number;
}

/**
 * The whole promise. Before the mark a message is sent once, by itself. After it, it is never sent again: it is `sent`
 * if Gmail had it by then, and `unknown` exactly if it had not. Without the right to search, it is `unknown` either
 * way, and nothing is searched. Once settled, it is sent.
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

/** One message whose worker was killed at a point. */
export interface Row extends Facts, End {
  readonly point: string;
  readonly asItShould: boolean;
}

/** A table of point × outcome × copies. */
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
