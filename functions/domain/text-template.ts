/** The names in a text such as `"at most {most}"`; never where it has none. */
type Placeholder<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

/** What a text's `{names}` are filled in with. */
export type TextParams = Readonly<Record<string, string | number>>;

/** The argument that a text asks for: nothing, or one value for each of its `{names}`. */
export type ParamsOf<S extends string> = [Placeholder<S>] extends [never]
  ? []
  : [params: Readonly<Record<Placeholder<S>, string | number>>];

/** Replaces each `{name}` by its value; a name without a value stays as it is. */
export const fillIn = (text: string, params: TextParams = {}): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(params, name) ? String(params[name]) : whole));
