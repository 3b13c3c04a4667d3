import { naming, type Renders, type Scope, withData } from "./scope.ts";
import { isEmpty, isMissing, memberOf, TemplateRefused } from "./template-values.ts";

/** A block that names a helper. */
export interface HelperBlock {
  readonly scope: Scope;
  readonly params: readonly unknown[];
  readonly hash: Readonly<Record<string, unknown>>;
  readonly main: Renders;
  readonly inverse: Renders;
  readonly names: readonly string[] | undefined;
}

type BlockHelper = (block: HelperBlock) => string;

const onlyParam = (name: string, { params }: HelperBlock): unknown => {
  if (params.length !== 1) throw new TemplateRefused({ code: "template_helper_arguments", name });
  return params[0];
};

const passes = (name: string, block: HelperBlock): boolean => {
  const value = onlyParam(name, block);
  return !((!block.hash.includeZero && !value) || isEmpty(value));
};

/** The members of a list or an object, in order, each with its index or name. */
const entriesOf = (value: unknown): readonly (readonly [key: string | number, value: unknown])[] => {
  if (Array.isArray(value)) return value.map((item, at) => [at, item]);
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
};

const each: BlockHelper = (block) => {
  const { scope, main, inverse, names } = block;
  const entries = entriesOf(onlyParam("each", block));
  if (entries.length === 0) return inverse(scope.contexts[0], scope);
  const last = entries.length - 1;
  return entries
    .map(([key, value], index) => {
      const turn = withData(scope, { key, index, first: index === 0, last: index === last });
      return main(value, naming(turn, names, [value, key]));
    })
    .join("");
};

const withValue: BlockHelper = (block) => {
  const { scope, main, inverse, names } = block;
  const value = onlyParam("with", block);
  return isEmpty(value) ? inverse(scope.contexts[0], scope) : main(value, naming(scope, names, [value]));
};

const when =
  (name: string, wanted: boolean): BlockHelper =>
  (block) => {
    const { scope, main, inverse } = block;
    return (passes(name, block) === wanted ? main : inverse)(scope.contexts[0], scope);
  };

/** The blocks of Handlebars; there are no others (handlebarsjs.com/guide/builtin-helpers.html). */
export const BLOCK_HELPERS: Readonly<Record<string, BlockHelper>> = {
  each,
  with: withValue,
  if: when("if", true),
  unless: when("unless", false),
};

/** Those that make a value. `log` writes nothing: what a document says must not reach the log. */
export const HELPERS: Readonly<Record<string, (params: readonly unknown[]) => unknown>> = {
  lookup: ([object, name]) => (object ? memberOf(object, isMissing(name) ? "undefined" : String(name)) : object),
  log: () => undefined,
};

export const isBuiltIn = (name: string): boolean => Object.hasOwn(BLOCK_HELPERS, name) || Object.hasOwn(HELPERS, name);
