import type { InEveryLanguage } from "../domain/language.ts";

/** The path of the API's page in each language; firebase.json rewrites it to the file that the build writes. */
export const DOCS_PATHS: InEveryLanguage = { en: "/docs", fr: "/docs/fr" };
