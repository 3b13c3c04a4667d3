import { type InertHtml, parseInert } from "./inert-html.ts";
import { cleanDeclarations, safeSheet } from "./safe-style.ts";

/** Kept, with the attributes below. Of any other element, only the content is kept. */
const KEPT: ReadonlySet<string> = new Set(
  `a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn
   div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i ins kbd li main mark nav ol p pre q s samp
   section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr`.split(/\s+/),
);

/** Dropped with what is in them: they run, load, submit, or are not meant to be seen. */
const DROPPED: ReadonlySet<string> = new Set(
  `applet audio base button canvas dialog embed frame frameset head iframe input link map math meta noembed noframes
   object option param portal script select source svg template textarea title track video`.split(/\s+/),
);

/** None of them is an address, a handler, or a name that a script could meet. */
const ATTRIBUTES = `align bgcolor border cellpadding cellspacing class color colspan dir face height lang nowrap rowspan
  size start title valign width`.split(/\s+/);

/** More than any reader scrolls through. */
const MOST_NODES = 50_000;

export interface Pictures {
  /** The address of a picture that the mail itself brings, as `data:`. */
  readonly urlOf: (cid: string) => string | undefined;
}

interface Copying {
  readonly inert: InertHtml;
  readonly target: Document;
  readonly pictures: Pictures;
  readonly sheets: string[];
  remote: number;
  left: number;
}

const copyLook = (from: Element, to: HTMLElement, copying: Copying): void => {
  for (const name of ATTRIBUTES) {
    const value = from.getAttribute(name);
    if (value !== null) to.setAttribute(name, copying.inert.restore(value));
  }
  if (from.hasAttribute("background")) copying.remote += 1;
  const style = copying.inert.styleOf(from);
  if (style === null) return;
  to.style.cssText = style;
  copying.remote += cleanDeclarations(to.style);
};

/** A picture within a `data:` address. Not SVG, which is a document. */
const isOwnPicture = (src: string): boolean => /^data:image\/(?:png|jpe?g|gif|webp|bmp|avif);/i.test(src);

const copyPicture = (from: Element, copying: Copying): HTMLElement => {
  const { inert, target, pictures } = copying;
  const given = inert.restore(from.getAttribute("src") ?? "").trim();
  const src = /^cid:/i.test(given) ? pictures.urlOf(given.slice(4)) : given;
  const alt = inert.restore(from.getAttribute("alt") ?? "");
  if (src !== undefined && isOwnPicture(src)) {
    const image = target.createElement("img");
    copyLook(from, image, copying);
    image.alt = alt;
    image.src = src;
    return image;
  }
  copying.remote += /^(?:https?:)?\/\//i.test(given) ? 1 : 0;
  const missing = target.createElement("span");
  missing.className = "missing-picture";
  missing.textContent = alt;
  return missing;
};

/** A link leads nowhere from here; hovering shows where it would. */
const noteTarget = (from: Element, to: HTMLElement, { inert }: Copying): void => {
  const href = inert.restore(from.getAttribute("href") ?? "").trim();
  if (/^(?:https?|mailto|tel):/i.test(href)) to.title = href;
};

const copyElement = (from: Element, parent: HTMLElement, copying: Copying): void => {
  const name = from.localName;
  const sheet = copying.inert.sheetIn(from);
  if (sheet !== null) {
    copying.sheets.push(sheet);
    return;
  }
  if (name === "img") {
    parent.append(copyPicture(from, copying));
    return;
  }
  if (DROPPED.has(name)) return;
  if (!KEPT.has(name) || from.namespaceURI !== "http://www.w3.org/1999/xhtml") {
    copyChildren(from, parent, copying);
    return;
  }
  const to = copying.target.createElement(name);
  copyLook(from, to, copying);
  if (name === "a") noteTarget(from, to, copying);
  copyChildren(from, to, copying);
  parent.append(to);
};

const copyChildren = (from: Node, parent: HTMLElement, copying: Copying): void => {
  for (const child of from.childNodes) {
    if (copying.left <= 0) return;
    copying.left -= 1;
    if (child.nodeType === Node.TEXT_NODE) parent.append(copying.inert.restore(child.nodeValue ?? ""));
    else if (child instanceof Element) copyElement(child, parent, copying);
  }
};

const BASE = `html { color-scheme: light; background: #fff; color: #16191d; }
body { margin: 12px; font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; }
a { color: #1a5fb4; text-decoration: underline; }
.missing-picture:not(:empty) { padding: 0 4px; border: 1px dashed #8a93a0; color: #59626e; }`;

export interface Rendered {
  /** How many pictures were to come from elsewhere, and were not asked for. */
  readonly remote: number;
  /** Whether it is shown to its end. */
  readonly whole: boolean;
}

/**
 * Writes a mail's html into a document without scripts. It is rebuilt from known elements, attributes and styles, so
 * that nothing of the mail is ever parsed in that document.
 */
export const renderHtml = (html: string, target: Document, pictures: Pictures): Rendered => {
  const view = target.defaultView;
  if (view === null) return { remote: 0, whole: false };
  const inert = parseInert(html);
  const copying: Copying = { inert, target, pictures, sheets: [], remote: 0, left: MOST_NODES };
  const root = target.createElement("div");
  copyLook(inert.document.body, root, copying);
  copyChildren(inert.document.body, root, copying);
  const sheets = copying.sheets.map((css) => safeSheet(css, view));
  target.adoptedStyleSheets = [safeSheet(BASE, view).sheet, ...sheets.map(({ sheet }) => sheet)];
  target.body.replaceChildren(root);
  const inSheets = sheets.reduce((all, { remote }) => all + remote, 0);
  return { remote: copying.remote + inSheets, whole: copying.left > 0 };
};
