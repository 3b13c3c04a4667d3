import type { Language } from "../../domain/language.ts";
import { OPERATIONS } from "../operations/every-operation.ts";
import { TAGS } from "../overview.ts";

/** The titles of calls and of their groups in the language of a page. */
export interface Titles {
  readonly ofOperation: (id: string) => string;
  readonly ofTag: (name: string) => string;
}

export const titlesIn = (language: Language): Titles => {
  const operations = new Map(Object.values(OPERATIONS).map(({ id, title }) => [id, title[language]]));
  const tags = new Map<string, string>(Object.entries(TAGS).map(([name, { title }]) => [name, title[language]]));
  return { ofOperation: (id) => operations.get(id) ?? id, ofTag: (name) => tags.get(name) ?? name };
};
