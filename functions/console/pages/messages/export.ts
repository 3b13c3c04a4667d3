import type { Message } from "../../api/types.ts";

type NameOf = (serverId: string) => string;

const COLUMNS: Readonly<Record<string, (message: Message, nameOf: NameOf) => string>> = {
  id: ({ id }) => id,
  createdAt: ({ createdAt }) => createdAt,
  status: ({ status }) => status,
  server: ({ server }, nameOf) => nameOf(server),
  from: ({ from }) => from,
  to: ({ to }) => to.join(", "),
  cc: ({ cc }) => cc.join(", "),
  bcc: ({ bcc }) => bcc.join(", "),
  rejected: ({ rejected }) => rejected.join(", "),
  subject: ({ subject }) => subject,
  messageId: ({ messageId }) => messageId,
  key: ({ key }) => key ?? "",
  tags: ({ tags }) =>
    Object.entries(tags)
      .map(([name, value]) => `${name}=${value}`)
      .join(", "),
};

/** Spreadsheets run what begins so as a formula (owasp.org/www-community/attacks/CSV_Injection). */
const FORMULA = /^[=+\-@\t\r]/;

const cell = (text: string): string => {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** The messages as comma-separated values (RFC 4180), one a line under the names of the columns. */
export const csvOf = (messages: readonly Message[], nameOf: NameOf): string =>
  [Object.keys(COLUMNS), ...messages.map((message) => Object.values(COLUMNS).map((read) => read(message, nameOf)))]
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
