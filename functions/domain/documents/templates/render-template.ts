import { fail, ok, type Result } from "../../result.ts";
import { BLOCK_HELPERS, HELPERS, isBuiltIn } from "./built-ins.ts";
import { findNamed, isScoped, leadsSomewhere, type Renders, rootScope, type Scope, valueAt, within } from "./scope.ts";
import type {
  BlockStatement,
  Call,
  DecoratorBlock,
  Expression,
  Hash,
  MustacheStatement,
  PartialBlockStatement,
  PartialStatement,
  PathExpression,
  Program,
  Statement,
} from "./template-ast.ts";
import { escapeHtml, isMissing, type TemplateFault, TemplateRefused, textOf } from "./template-values.ts";

export interface RenderOptions {
  /** Whether `{{x}}` is escaped for HTML. */
  readonly html: boolean;
  /** Whether a value that is missing is a fault. */
  readonly strict: boolean;
  /** The partials of the collection, by name. */
  readonly partials: ReadonlyMap<string, Program>;
}

/** Bounds of one rendering. A mail of a template is far below, and data cannot make a rendering run for long. */
const MOST_STEPS = 200_000;
const MOST_CHARACTERS = 5_000_000;
const DEEPEST = 100;

const isPath = (expression: Expression): expression is PathExpression => expression.type === "PathExpression";

/** Handlebars reads a literal in the place of a name as a name: `{{"first name"}}`. */
const asPath = (expression: Expression): PathExpression => {
  if (isPath(expression)) return expression;
  if (expression.type === "SubExpression" || !expression.type.endsWith("Literal"))
    throw new TemplateRefused({ code: "template_unsupported", name: expression.type });
  const original = String(expression.original);
  return { type: "PathExpression", data: false, depth: 0, parts: [original], original };
};

const hasArguments = ({ params, hash }: Call): boolean => params.length > 0 || hash !== undefined;

/**
 * Renders one template. It walks the syntax tree, so that neither template nor data ever becomes code; it reads nothing
 * but the data's own members, and what it may do is bounded.
 */
class Rendering {
  readonly #options: RenderOptions;
  #steps = 0;
  #characters = 0;
  #depth = 0;

  constructor(options: RenderOptions) {
    this.#options = options;
  }

  program(program: Program, around: Scope): string {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new TemplateRefused({ code: "template_too_deep" });
    // Each statement is a step; a turn of a loop without any takes time as well.
    if (program.body.length === 0) this.#step();
    const scope = this.#withInline(program, around);
    const text = program.body.map((statement) => this.#statement(statement, scope)).join("");
    this.#depth -= 1;
    return text;
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps > MOST_STEPS) throw new TemplateRefused({ code: "template_too_long" });
  }

  #statement(statement: Statement, scope: Scope): string {
    this.#step();
    switch (statement.type) {
      case "ContentStatement":
        return this.#counted(statement.value);
      case "MustacheStatement":
        return this.#mustache(statement, scope);
      case "BlockStatement":
        return this.#block(statement, scope);
      case "PartialStatement":
        return this.#indented(this.#partial(statement, scope), statement.indent);
      case "PartialBlockStatement":
        return this.#partialBlock(statement, scope);
      // Those of a program are known before its first statement is rendered.
      case "DecoratorBlock":
      case "CommentStatement":
        return "";
      default:
        return this.#unsupported(statement);
    }
  }

  #unsupported(statement: never): never {
    const { type }: { readonly type: unknown } = statement;
    throw new TemplateRefused({ code: "template_unsupported", name: String(type) });
  }

  #counted(text: string): string {
    this.#characters += text.length;
    if (this.#characters > MOST_CHARACTERS) throw new TemplateRefused({ code: "template_too_long" });
    return text;
  }

  #mustache(statement: MustacheStatement, scope: Scope): string {
    const text = textOf(this.#valueOf(statement, scope));
    return this.#counted(statement.escaped && this.#options.html ? escapeHtml(text) : text);
  }

  /** The value of `{{name}}`, `{{helper x}}` or `(helper x)`. */
  #valueOf(call: Call, scope: Scope): unknown {
    const path = asPath(call.path);
    const helper = this.#helperName(call, path, scope);
    if (helper === null) return this.#strictly(path, scope);
    const act = HELPERS[helper];
    if (act === undefined) throw new TemplateRefused({ code: "template_helper_arguments", name: helper });
    return act(call.params.map((param) => this.#expression(param, scope)));
  }

  /** The built-in helper that a call names; null if it names a value. Any other helper is missing. */
  #helperName(call: Call, path: PathExpression, scope: Scope): string | null {
    const [name = ""] = path.parts;
    const isSimple = path.parts.length === 1 && path.depth === 0 && !path.data && !isScoped(path);
    if (isSimple && findNamed(scope, String(name)) !== undefined) return null;
    if (isSimple && isBuiltIn(String(name))) return String(name);
    if (hasArguments(call)) throw new TemplateRefused({ code: "template_helper_missing", name: path.original });
    return null;
  }

  #strictly(path: PathExpression, scope: Scope): unknown {
    const value = valueAt(scope, path);
    if (this.#options.strict && !leadsSomewhere(scope, path))
      throw new TemplateRefused({ code: "template_value_missing", name: path.original });
    return value;
  }

  #expression(expression: Expression, scope: Scope): unknown {
    if (isPath(expression)) return valueAt(scope, expression);
    if (expression.type !== "SubExpression") return "value" in expression ? expression.value : undefined;
    const { original } = asPath(expression.path);
    const isCall = hasArguments(expression) || isBuiltIn(original);
    if (!isCall) throw new TemplateRefused({ code: "template_helper_missing", name: original });
    return this.#valueOf(expression, scope);
  }

  #block(block: BlockStatement, scope: Scope): string {
    const path = asPath(block.path);
    const helper = this.#helperName(block, path, scope);
    const parts = {
      scope,
      main: this.#renders(block.program),
      inverse: this.#renders(block.inverse),
      names: block.program?.blockParams,
    };
    if (helper === null) return this.#plainBlock(this.#strictly(path, scope), parts);
    const act = BLOCK_HELPERS[helper];
    if (act === undefined) throw new TemplateRefused({ code: "template_helper_arguments", name: helper });
    const hash = this.#hash(block.hash, scope);
    return act({ ...parts, hash, params: block.params.map((param) => this.#expression(param, scope)) });
  }

  /** `{{#value}}`: for each of a list, once for anything else that is something. */
  #plainBlock(
    value: unknown,
    parts: Omit<Parameters<NonNullable<(typeof BLOCK_HELPERS)[string]>>[0], "params" | "hash">,
  ) {
    const { scope, main, inverse } = parts;
    const own = scope.contexts[0];
    if (value === true) return main(own, scope);
    if (value === false || isMissing(value)) return inverse(own, scope);
    if (!Array.isArray(value)) return main(value, scope);
    const each = BLOCK_HELPERS.each;
    return value.length === 0 || each === undefined
      ? inverse(own, scope)
      : each({ ...parts, params: [value], hash: {} });
  }

  #renders(program: Program | undefined): Renders {
    return (context, scope) => (program === undefined ? "" : this.program(program, within(scope, context)));
  }

  #hash(hash: Hash | undefined, scope: Scope): Readonly<Record<string, unknown>> {
    const pairs = (hash?.pairs ?? []).map(({ key, value }) => [key, this.#expression(value, scope)] as const);
    return Object.fromEntries(pairs);
  }

  /** A program's inline partials; they render where they stand, with the context that they are called with. */
  #withInline(program: Program, scope: Scope): Scope {
    const blocks = program.body.filter((statement): statement is DecoratorBlock => statement.type === "DecoratorBlock");
    if (blocks.length === 0) return scope;
    const inline = new Map(scope.inline);
    const known = { ...scope, inline };
    for (const block of blocks) {
      const [name] = block.params.map((param) => this.#expression(param, scope));
      const { original } = asPath(block.path);
      if (original !== "inline") throw new TemplateRefused({ code: "template_unsupported", name: original });
      inline.set(textOf(name), (context, at) =>
        this.program(block.program, within({ ...known, data: at.data }, context)),
      );
    }
    return known;
  }

  #partialName({ name }: Pick<PartialStatement, "name">, scope: Scope): string {
    if (name.type === "SubExpression") return textOf(this.#expression(name, scope));
    return asPath(name).original;
  }

  #partialContext(statement: Pick<PartialStatement, "params" | "hash">, scope: Scope): unknown {
    const { params, hash } = statement;
    if (params.length > 1) throw new TemplateRefused({ code: "template_syntax", name: "partial" });
    const [param] = params;
    const context = param === undefined ? scope.contexts[0] : this.#expression(param, scope);
    return hash === undefined ? context : { ...Object(context), ...this.#hash(hash, scope) };
  }

  #partial(statement: Pick<PartialStatement, "name" | "params" | "hash">, scope: Scope): string {
    const name = this.#partialName(statement, scope);
    const context = this.#partialContext(statement, scope);
    const found = this.#findPartial(name, scope);
    if (found === undefined) throw new TemplateRefused({ code: "template_partial_missing", name });
    return found(context, scope);
  }

  #findPartial(name: string, scope: Scope): Renders | undefined {
    if (name === "@partial-block") return scope.partialBlock ?? undefined;
    const inline = scope.inline.get(name);
    if (inline !== undefined) return inline;
    const program = this.#options.partials.get(name);
    if (program === undefined) return undefined;
    // A partial of the collection sees its own context alone, not what is around it by `../` or the names of blocks.
    return (context, at) => this.program(program, { ...at, names: null, contexts: [context] });
  }

  /** `{{#> layout}}…{{/layout}}`: the block is what the layout inserts, and stands for a layout that is missing. */
  #partialBlock(statement: PartialBlockStatement, scope: Scope): string {
    const name = this.#partialName(statement, scope);
    const context = this.#partialContext(statement, scope);
    const block: Renders = (inner, at) =>
      this.program(statement.program, within({ ...scope, data: at.data, partialBlock: scope.partialBlock }, inner));
    const known = this.#withInline(statement.program, scope);
    const found = this.#findPartial(name, known);
    if (found === undefined) return block(context, scope);
    return found(context, { ...known, partialBlock: block });
  }

  #indented(text: string, indent: string): string {
    if (indent === "" || indent === undefined) return text;
    const lines = text.split("\n");
    const last = lines.length - 1;
    return this.#counted(lines.map((line, at) => (at === last && line === "" ? line : indent + line)).join("\n"));
  }
}

/** Renders a parsed template with plain data. A fault of the template or the data is a value. Pure. */
export const renderTemplate = (
  program: Program,
  data: unknown,
  options: RenderOptions,
): Result<string, TemplateFault> => {
  try {
    return ok(new Rendering(options).program(program, rootScope(data)));
  } catch (error) {
    if (error instanceof TemplateRefused) return fail(error.fault);
    throw error;
  }
};
