import type { Clock } from "../../clock.ts";
import { SECOND } from "../../clock.ts";
import { isDocumentId } from "../../document-id.ts";
import { type Memory, memory, recallOrLearn } from "../../remembered.ts";
import { fail, ok, type Result } from "../../result.ts";
import type { DocumentData, MailDocuments } from "../mail-documents.ts";
import { parseTemplate } from "./parse-template.ts";
import type { Program, Statement } from "./template-ast.ts";
import type { TemplateFault } from "./template-values.ts";

/** The parts that a template renders. `amp` is not among them: Relais sends no AMP. */
export const PARTS = ["subject", "html", "text"] as const;
export type Part = (typeof PARTS)[number];

export interface Template {
  readonly isPartial: boolean;
  /** Absent if the document has no text for that part. */
  readonly parts: Readonly<Partial<Record<Part, Program>>>;
  /** As they stand in the document; their texts are templates. */
  readonly attachments: unknown;
}

export type Loaded = Result<Template | null, TemplateFault>;

/** A change of a template takes effect within this nominal time; one that is missing is looked for each time. */
const REMEMBERED_MS = 10 * SECOND;
const MOST_REMEMBERED = 500;

const partsOf = async (name: string, data: DocumentData): Promise<Result<Template["parts"], TemplateFault>> => {
  const parts: Partial<Record<Part, Program>> = {};
  for (const part of PARTS) {
    const text = data[part];
    if (typeof text !== "string" || text === "") continue;
    const program = await parseTemplate(`${name}.${part}`, text);
    if (!program.ok) return program;
    parts[part] = program.value;
  }
  return ok(parts);
};

/** Loads templates by name and remembers them, parsed. */
export class TemplateShelf {
  readonly #documents: Pick<MailDocuments, "readMany">;
  readonly #known: Memory<Promise<Loaded>>;

  constructor(documents: Pick<MailDocuments, "readMany">, clock: Pick<Clock, "nowMs" | "lasting">) {
    this.#documents = documents;
    this.#known = memory({ clock, forMs: REMEMBERED_MS, most: MOST_REMEMBERED });
  }

  /** Null if there is none of this name. Throws `Unavailable`. */
  async load(at: { readonly database: string; readonly collection: string }, name: string): Promise<Loaded> {
    // A name, never a path to another collection's document.
    if (!isDocumentId(name)) return ok(null);
    const key = `${at.database} ${at.collection}/${name}`;
    const loaded = await recallOrLearn(this.#known, key, () => this.#read(at, name));
    if (!loaded.ok || loaded.value === null) this.#known.forget(key);
    return loaded;
  }

  async #read({ database, collection }: { readonly database: string; readonly collection: string }, name: string) {
    const [data] = await this.#documents.readMany(database, [`${collection}/${name}`]);
    if (data === undefined) return ok(null);
    const parts = await partsOf(name, data);
    if (!parts.ok) return fail(parts.problem);
    return ok({ isPartial: Boolean(data.partial), parts: parts.value, attachments: data.attachments });
  }
}

/** The names of the partials that a template may use, except those that are only known when it is rendered. */
export const partialNames = (program: Program | undefined): readonly string[] => (program?.body ?? []).flatMap(namesIn);

const namesIn = (statement: Statement): readonly string[] => {
  switch (statement.type) {
    case "PartialStatement":
      return nameIn(statement.name);
    case "PartialBlockStatement":
      return [...nameIn(statement.name), ...partialNames(statement.program)];
    case "DecoratorBlock":
      return partialNames(statement.program);
    case "BlockStatement":
      return [...partialNames(statement.program), ...partialNames(statement.inverse)];
    default:
      return [];
  }
};

const nameIn = (name: { readonly type: string; readonly original?: unknown }): readonly string[] =>
  name.type === "SubExpression" ? [] : [String(name.original)];
