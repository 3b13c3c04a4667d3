import { fail, ok, type Result } from "../../result.ts";
import type { DocumentFault } from "../document-fault.ts";
import type { DocumentData } from "../mail-documents.ts";
import { type Loaded, PARTS, type Part, partialNames, type Template } from "./load-template.ts";
import { parseTemplate } from "./parse-template.ts";
import { type RenderOptions, renderTemplate } from "./render-template.ts";
import type { Program } from "./template-ast.ts";
import type { TemplateFault } from "./template-values.ts";

/** What a template makes: each part that it has, and its attachments. */
export interface Filled {
  readonly parts: Readonly<Partial<Record<Part, string>>>;
  /** Undefined if the template has none. */
  readonly attachments: unknown;
}

type Load = (name: string) => Promise<Loaded>;

const NO_PARTIALS: ReadonlyMap<string, Program> = new Map();
/** Of one part, with those that they use in turn. */
const MOST_PARTIALS = 100;

/** Plain data: times as ISO 8601, bytes in base64, so that nothing with code of its own reaches a template. */
const plain = (value: unknown): unknown => {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
};

/** Loads the partials that a part uses, and those that they use. Those that are missing are found out at their use. */
const partialsOf = async (
  load: Load,
  part: Part,
  program: Program,
): Promise<Result<RenderOptions["partials"], TemplateFault>> => {
  const found = new Map<string, Program>();
  const asked = new Set<string>();
  let next = partialNames(program);
  while (next.length > 0) {
    const names = [...new Set(next)].filter((name) => !asked.has(name));
    for (const name of names) asked.add(name);
    if (asked.size > MOST_PARTIALS) return fail({ code: "template_too_deep" });
    const loaded = await Promise.all(names.map(load));
    next = [];
    for (const [at, one] of loaded.entries()) {
      if (!one.ok) return one;
      const text = one.value?.isPartial === true ? one.value.parts[part] : undefined;
      if (text === undefined) continue;
      found.set(names[at] ?? "", text);
      next = [...next, ...partialNames(text)];
    }
  }
  return ok(found);
};

const fillPart = async (
  load: Load,
  { part, program, data }: { readonly part: Part; readonly program: Program; readonly data: unknown },
): Promise<Result<string, TemplateFault>> => {
  const partials = await partialsOf(load, part, program);
  if (!partials.ok) return partials;
  return renderTemplate(program, data, { html: part === "html", strict: false, partials: partials.value });
};

/** Fills the texts in a template's attachments, wherever they stand. A value that is missing there is a fault. */
const fillTexts = async (value: unknown, data: unknown): Promise<Result<unknown, TemplateFault>> => {
  if (typeof value === "string") {
    const program = await parseTemplate("attachments", value);
    return program.ok
      ? renderTemplate(program.value, data, { html: false, strict: true, partials: NO_PARTIALS })
      : program;
  }
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array)
    return ok(value);
  const entries: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const filled = await fillTexts(member, data);
    if (!filled.ok) return filled;
    entries.push([name, filled.value]);
  }
  return ok(Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries));
};

const fillAll = async (load: Load, template: Template, data: unknown): Promise<Result<Filled, TemplateFault>> => {
  const parts: Partial<Record<Part, string>> = {};
  for (const part of PARTS) {
    const program = template.parts[part];
    if (program === undefined) continue;
    const text = await fillPart(load, { part, program, data });
    if (!text.ok) return text;
    parts[part] = text.value;
  }
  const attachments = template.attachments ? await fillTexts(template.attachments, data) : ok(undefined);
  return attachments.ok ? ok({ parts, attachments: attachments.value }) : attachments;
};

/** Fills a template with a document's data. Throws `Unavailable`. */
export const fillTemplate = async (
  load: Load,
  { name, data = {} }: { readonly name: string; readonly data?: DocumentData | undefined },
): Promise<Result<Filled, DocumentFault>> => {
  const of = (fault: TemplateFault): DocumentFault => ({ ...fault, template: name });
  const template = await load(name);
  if (!template.ok) return fail(of(template.problem));
  if (template.value === null || template.value.isPartial) return fail({ code: "template_missing", name });
  const filled = await fillAll(load, template.value, plain(data));
  return filled.ok ? filled : fail(of(filled.problem));
};
