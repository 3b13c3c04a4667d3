import type { PathExpression } from "./template-ast.ts";
import { isMissing, memberOf } from "./template-values.ts";

/** Values by name for `@index` and its like; `@../index` is one of the frame around it. */
export interface Frame {
  readonly values: ReadonlyMap<string, unknown>;
  readonly around: Frame | null;
}

/** The names that blocks have given to their values (`as |item index|`), innermost first. */
interface Names {
  readonly values: ReadonlyMap<string, unknown>;
  readonly around: Names | null;
}

/** Renders a partial, or a block, with a context. */
export type Renders = (context: unknown, scope: Scope) => string;

/** Where in the data a part of a template is rendered. */
export interface Scope {
  /** `this`, then what `../` leads to. */
  readonly contexts: readonly unknown[];
  readonly data: Frame;
  readonly names: Names | null;
  /** Those of `{{#*inline}}`, by name. */
  readonly inline: ReadonlyMap<string, Renders>;
  /** What `{{> @partial-block}}` stands for. */
  readonly partialBlock: Renders | null;
}

export const rootScope = (context: unknown): Scope => ({
  contexts: [context],
  data: { values: new Map([["root", context]]), around: null },
  names: null,
  inline: new Map(),
  partialBlock: null,
});

/** The scope of a block: its context counts for `../` only if it is another one. */
export const within = (scope: Scope, context: unknown): Scope =>
  context === scope.contexts[0] ? scope : { ...scope, contexts: [context, ...scope.contexts] };

/** The same, for one turn of `#each`. */
export const withData = (scope: Scope, values: Readonly<Record<string, unknown>>): Scope => ({
  ...scope,
  // Everything that an outer frame holds is still in reach, as in Handlebars.
  data: { values: new Map([...scope.data.values, ...Object.entries(values)]), around: scope.data },
});

export const naming = (scope: Scope, names: readonly string[] | undefined, values: readonly unknown[]): Scope =>
  names === undefined
    ? scope
    : { ...scope, names: { values: new Map(names.map((name, at) => [name, values[at]])), around: scope.names } };

interface Named {
  readonly value: unknown;
}

/** The value that a block has given this name; undefined if none has. */
export const findNamed = ({ names }: Pick<Scope, "names">, name: string): Named | undefined => {
  for (let frame = names; frame !== null; frame = frame.around)
    if (frame.values.has(name)) return { value: frame.values.get(name) };
  return undefined;
};

/** `this.x`, `./x` and `../x` name members only, never a helper or a block's name. */
export const isScoped = ({ original }: PathExpression): boolean => /^\.|this\b/.test(original);

const dataFrame = (scope: Scope, depth: number): Frame | null => {
  let frame: Frame | null = scope.data;
  for (let up = 0; up < depth && frame !== null; up += 1) frame = frame.around;
  return frame;
};

/** Where a path starts, and how many of its parts that uses up. */
const startOf = (scope: Scope, path: PathExpression): readonly [value: unknown, used: number] => {
  const [head] = path.parts;
  if (path.data && typeof head === "string") return [dataFrame(scope, path.depth)?.values.get(head), 1];
  const named = typeof head === "string" && path.depth === 0 && !isScoped(path) ? findNamed(scope, head) : undefined;
  return named === undefined ? [scope.contexts[path.depth], 0] : [named.value, 1];
};

/** What a path leads to; undefined if that is nothing. Throws `TemplateRefused` for a way out of the data. */
export const valueAt = (scope: Scope, path: PathExpression): unknown => {
  const [start, used] = startOf(scope, path);
  return path.parts
    .slice(used)
    .reduce<unknown>((value, part) => (isMissing(value) ? value : memberOf(value, String(part))), start);
};

/** Whether the last part of a path is there, if only as null. */
export const leadsSomewhere = (scope: Scope, path: PathExpression): boolean => {
  const last = path.parts.at(-1);
  if (path.data || last === undefined) return true;
  const [, used] = startOf(scope, path);
  if (used === path.parts.length) return true;
  const holder = valueAt(scope, { ...path, parts: path.parts.slice(0, -1) });
  return !isMissing(holder) && Object.hasOwn(Object(holder), String(last));
};
