/** The columns of a file, by their names, and how each is read from a record. */
export type CsvColumns<T> = Readonly<Record<string, (item: T) => string>>;

/** Spreadsheets run what begins so as a formula (owasp.org/www-community/attacks/CSV_Injection). */
const FORMULA = /^[=+\-@\t\r]/;

const cell = (text: string): string => {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** Records as comma-separated values (RFC 4180), one per line under the names of the columns. */
export const csvOf = <T>(items: readonly T[], columns: CsvColumns<T>): string =>
  [Object.keys(columns), ...items.map((item) => Object.values(columns).map((read) => read(item)))]
    .map((row) => `${row.map(cell).join(",")}\r\n`)
    .join("");

/** Lets the browser save a text as a file. The mark at its start tells spreadsheets that it is UTF-8. */
export const saveAsFile = (name: string, text: string): void => {
  const url = URL.createObjectURL(new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
};
