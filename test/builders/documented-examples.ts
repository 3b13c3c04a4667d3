import { readFileSync } from "node:fs";

/** A block of code in a document. */
export interface Example {
  readonly language: string;
  readonly code: string;
}

/** The code blocks of a document in these languages, in order. */
export const examplesIn = (document: string, languages: readonly string[]): readonly Example[] => {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), "utf8");
  const block = new RegExp(`\`\`\`(${languages.join("|")})\\n([\\s\\S]*?)\`\`\``, "g");
  return [...text.matchAll(block)].map(([, language = "", code = ""]) => ({ language, code }));
};
