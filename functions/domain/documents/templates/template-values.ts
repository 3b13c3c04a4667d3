/** What a template, or the data for it, asks for and does not get. */
export type TemplateFault =
  | { readonly code: "template_syntax"; readonly name: string }
  | { readonly code: "template_helper_missing"; readonly name: string }
  | { readonly code: "template_helper_arguments"; readonly name: string }
  | { readonly code: "template_value_missing"; readonly name: string }
  | { readonly code: "template_partial_missing"; readonly name: string }
  | { readonly code: "template_reaches_prototype"; readonly name: string }
  | { readonly code: "template_unsupported"; readonly name: string }
  | { readonly code: "template_too_deep" }
  | { readonly code: "template_too_long" };

/** Ends a rendering; `renderTemplate` alone catches it. */
export class TemplateRefused extends Error {
  override readonly name = "TemplateRefused";
  readonly fault: TemplateFault;

  constructor(fault: TemplateFault) {
    super(fault.code);
    this.fault = fault;
  }
}

/** Names by which a value leads to code. Handlebars itself refuses them (lib/handlebars/internal/proto-access.js). */
const LEADING_TO_CODE: ReadonlySet<string> = new Set([
  "__proto__",
  "constructor",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
]);

export const isMissing = (value: unknown): value is null | undefined => value === null || value === undefined;

/** Whether the value itself has a member of this name: what it inherits is not data. */
export const hasOwn = (value: unknown, name: string): boolean =>
  !isMissing(value) && Object.hasOwn(Object(value), name);

/** A member of a value; undefined if it has none. */
export const memberOf = (value: unknown, name: string): unknown => {
  if (hasOwn(value, name)) return Reflect.get(Object(value), name);
  if (!isMissing(value) && LEADING_TO_CODE.has(name))
    throw new TemplateRefused({ code: "template_reaches_prototype", name });
  return undefined;
};

/** Like JavaScript's own conversion for plain data, except that it calls nothing that the data may hold. */
export const textOf = (value: unknown): string => {
  if (isMissing(value)) return "";
  if (Array.isArray(value)) return value.map(textOf).join(",");
  return typeof value === "object" ? "[object Object]" : String(value);
};

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
  "`": "&#x60;",
  "=": "&#x3D;",
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"'`=]/g, (char) => ENTITIES[char] ?? char);

/** What `#if` and `#with` take for nothing. */
export const isEmpty = (value: unknown): boolean =>
  (!value && value !== 0) || (Array.isArray(value) && value.length === 0);
