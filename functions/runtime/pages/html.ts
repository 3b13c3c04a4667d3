/** Markup that is safe to insert as it is. */
export interface Markup {
  readonly markup: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

const isMarkup = (part: string | Markup | readonly Markup[]): part is Markup | readonly Markup[] =>
  typeof part !== "string";

const render = (part: string | Markup | readonly Markup[]): string => {
  if (!isMarkup(part)) return escapeText(part);
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
};

/** A template that escapes every text, for elements and quoted attributes; only `Markup` is inserted unchanged. */
export const html = (
  texts: TemplateStringsArray,
  ...parts: readonly (string | Markup | readonly Markup[])[]
): Markup => ({ markup: texts.reduce((page, text, at) => page + render(parts[at - 1] ?? "") + text) });

export const trusted = (markup: string): Markup => ({ markup });
