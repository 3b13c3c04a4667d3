import type { Language } from "../../domain/language.ts";
import { fillIn, type ParamsOf } from "../../domain/text-template.ts";
import { TEXTS } from "../texts.ts";

export type TextKey = keyof typeof TEXTS;

/** The values that a text needs, by its French wording; a test ensures that the English one has the same names. */
export type Values<K extends TextKey> = ParamsOf<(typeof TEXTS)[K]["fr"]>;

export const translate = <K extends TextKey>(language: Language, key: K, ...[values]: Values<K>): string =>
  fillIn(TEXTS[key][language], values);

/** A key built at run time (`state.${…}`), or undefined if the catalogue has no such key. */
export const textKey = (key: string): TextKey | undefined => (Object.hasOwn(TEXTS, key) ? (key as TextKey) : undefined);
