/** The names in code in a cell, without those in brackets. */
const namesIn = (cell = ""): readonly string[] =>
  [...cell.replaceAll(/\(.*?\)/g, "").matchAll(/`(\w+)`/g)].map(([, name]) => name ?? "");

const cellsOf = (line: string): readonly string[] =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The rows of the table whose first heading is this one. */
const rowsUnder = (document: string, heading: string): readonly (readonly string[])[] => {
  const lines = document.split("\n");
  const head = lines.findIndex((line) => cellsOf(line)[0] === heading);
  if (head === -1) throw new Error(`no table begins with ${heading}`);
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end === -1 ? undefined : end).map(cellsOf);
};

/** The states that have a row in a table of a STATES.md. `besides`: other names in its first column. */
export const namesInColumn = (
  document: string,
  heading: string,
  besides: ReadonlySet<string> = new Set(),
): ReadonlySet<string> =>
  new Set(
    rowsUnder(document, heading)
      .flatMap(([cell]) => namesIn(cell))
      .filter((name) => !besides.has(name)),
  );

/** The moves in the table `from`, `to` of a STATES.md, each as `from>to`. */
export const movesOf = (document: string): ReadonlySet<string> =>
  new Set(
    rowsUnder(document, "from").flatMap(([from, to]) =>
      namesIn(from).flatMap((one) => namesIn(to).map((other) => `${one}>${other}`)),
    ),
  );

/** The names in the second column of a STATES.md table, in the row that begins with `name`. */
export const namesOf = (document: string, heading: string, name: string): ReadonlySet<string> =>
  new Set(
    rowsUnder(document, heading)
      .filter(([cell]) => namesIn(cell)[0] === name)
      .flatMap(([, cell]) => namesIn(cell)),
  );
