/** Text that is already markup. */
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

/** A template that escapes every value unless it is markup. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => {
  const written = parts.map((part) => {
    if (part instanceof Markup) return part.text;
    return typeof part === "object" ? part.map((one) => one.text).join("") : escapeHtml(String(part));
  });
  return new Markup(strings.map((text, index) => text + (written[index] ?? "")).join(""));
};
