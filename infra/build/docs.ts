import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LANGUAGES } from "../../functions/domain/language.ts";
import { DOCS_PATHS } from "../../functions/reference/docs-paths.ts";
import { docsPage } from "../../functions/reference/page/page.ts";
import { root } from "./repository.ts";

/**
 * Writes the description of the API and its page in each language beside the console: `/openapi.json`, and the files to
 * which firebase.json rewrites `/docs` and `/docs/fr`.
 */
export const writeDocs = async (outdir: string, stylesheet: string): Promise<void> => {
  const document = JSON.parse(await readFile(join(root, "functions/reference/openapi.json"), "utf8"));
  await writeFile(join(outdir, "openapi.json"), JSON.stringify(document));
  for (const language of LANGUAGES) {
    const file = join(outdir, `${DOCS_PATHS[language]}.html`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, docsPage(document, language, stylesheet));
  }
};
