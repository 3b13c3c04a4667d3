import { readFileSync } from "node:fs";

/** A block of code in a document. */
export interface Example {
  /** The heading above it. */
  readonly heading: string;
  readonly language: string;
  readonly code: string;
}

/** The code blocks of a document in these languages, in order. */
export const examplesIn = (document: string, languages: readonly string[]): readonly Example[] => {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), "utf8");
  const part = /^#+ (.+)$|^```(\w+)\n([\s\S]*?)^```/gm;
  let heading = "";
  return [...text.matchAll(part)].flatMap(([, title, language = "", code = ""]) => {
    heading = title ?? heading;
    return languages.includes(language) ? [{ heading, language, code }] : [];
  });
};
