import { fieldText, isFieldCode } from "../../domain/field-texts.ts";
import type { Language } from "../../domain/language.ts";
import type { FieldFailure } from "../api/failure.ts";

const toSentence = (phrase: string): string => `${phrase.slice(0, 1).toUpperCase()}${phrase.slice(1)}.`;

/** What is wrong with one place, by its code; a code that only a newer API knows is shown in the API's own English. */
export const fieldSentence = ({ code, params, message }: FieldFailure, language: Language): string =>
  toSentence(code !== null && isFieldCode(code) ? fieldText(code, language, params) : message);

/** Everything that is wrong with one form control, each thing once. */
export const fieldSentences = (failures: readonly FieldFailure[], language: Language): string =>
  [...new Set(failures.map((failure) => fieldSentence(failure, language)))].join(" ");
