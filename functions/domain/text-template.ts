/** The names in a text such as `"at most {most}"`; never if it has none. */
type Placeholder<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

/** The values for a text's `{names}`. */
export type TextParams = Readonly<Record<string, string | number>>;

/** The argument that a text needs: nothing, or one value for each of its `{names}`. */
export type ParamsOf<S extends string> = [Placeholder<S>] extends [never]
  ? []
  : [params: Readonly<Record<Placeholder<S>, string | number>>];

/** Replaces each `{name}` by its value; a name without a value stays as it is. */
export const fillIn = (text: string, params: TextParams = {}): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(params, name) ? String(params[name]) : whole));
