import { TEXTS } from "../texts.ts";
import type { Language } from "./language.ts";

export type TextKey = keyof typeof TEXTS;

/** The `{names}` in a text, taken from its French wording; a test holds the English one to the same names. */
type Placeholder<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;
export type Values<K extends TextKey> = [Placeholder<(typeof TEXTS)[K]["fr"]>] extends [never]
  ? []
  : [values: Readonly<Record<Placeholder<(typeof TEXTS)[K]["fr"]>, string | number>>];

export const translate = <K extends TextKey>(language: Language, key: K, ...[values]: Values<K>): string => {
  const text: string = TEXTS[key][language];
  if (values === undefined) return text;
  const known: Readonly<Record<string, string | number>> = values;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(known[name] ?? whole));
};

/** A key made at run time (`state.${…}`), or undefined where the catalogue has none. */
export const textKey = (key: string): TextKey | undefined => (Object.hasOwn(TEXTS, key) ? (key as TextKey) : undefined);
