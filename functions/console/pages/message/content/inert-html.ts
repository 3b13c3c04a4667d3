/**
 * Parses a mail's html without running or loading anything. A document made by `DOMParser` is inert, but Chromium
 * reports each style and base in it as a violation of the page's policy. So neither reaches the parser under its own
 * name: every `style` in the text becomes a word that nobody can guess, and is read back from there.
 */

export interface InertHtml {
  readonly document: Document;
  /** Text and values as the mail had them. */
  readonly restore: (text: string) => string;
  /** The `style` of an element; null if it has none. */
  readonly styleOf: (element: Element) => string | null;
  /** The content of what was a `style` element; null of any other. */
  readonly sheetIn: (element: Element) => string | null;
}

/** In the order of the suffixes that stand for them. Other spellings are read back in lower case. */
const SPELLINGS: readonly string[] = ["style", "Style", "STYLE"];

const newMark = (): string => `data-${crypto.randomUUID()}-`;

export const parseInert = (html: string): InertHtml => {
  const mark = newMark();
  const sheet = `${mark}sheet`;
  const hidden = html
    // The content of `xmp` is raw text, as that of `style` is.
    .replace(/<base(?=[\s/>])/gi, "<hidden-base")
    .replace(/<style(?=[\s/>])/gi, `<xmp ${sheet} `)
    .replace(/<\/style(?=[\s/>])/gi, "</xmp")
    .replace(/style/gi, (word) => `${mark}${Math.max(SPELLINGS.indexOf(word), 0)}`);
  const restore = (text: string): string =>
    text.replaceAll(new RegExp(`${mark}([0-2])`, "gi"), (_, at: string) => SPELLINGS[Number(at)] ?? "style");
  const document = new DOMParser().parseFromString(hidden, "text/html");
  const styleOf = (element: Element): string | null => {
    const value = [0, 1, 2].map((at) => element.getAttribute(`${mark}${at}`)).find((one) => one !== null);
    return value === undefined || value === null ? null : restore(value);
  };
  const sheetIn = (element: Element): string | null =>
    element.hasAttribute(sheet) ? restore(element.textContent ?? "") : null;
  return { document, restore, styleOf, sheetIn };
};
