/** Text that is markup already. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => entities[char] ?? "");

type Part = string | number | Markup | readonly Markup[];

/** A template whose every value is escaped unless it is markup itself. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => {
  const written = parts.map((part) => {
    if (part instanceof Markup) return part.text;
    return typeof part === "object" ? part.map((one) => one.text).join("") : escapeHtml(String(part));
  });
  return new Markup(strings.map((text, index) => text + (written[index] ?? "")).join(""));
};
