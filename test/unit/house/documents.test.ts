import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { TEXTS } from "../../../functions/console/texts.ts";
import { documentFaults } from "../../tools/documents.ts";

const root = join(import.meta.dirname, "../../..");

describe("the documents", () => {
  it("keep what they promise", () => {
    assert.deepEqual(documentFaults(root), []);
  });

  for (const [document, language] of [
    ["README.md", "en"],
    ["README.fr.md", "fr"],
  ] as const) {
    it(`call things in ${document} as the console does`, () => {
      const text = readFileSync(join(root, document), "utf8");
      for (const key of ["nav.servers", "connect.first", "connection.valid"] as const) {
        assert.ok(text.includes(`*${TEXTS[key][language]}*`), `${key}: ${TEXTS[key][language]}`);
      }
    });
  }
});

const copies: string[] = [];
after(() => {
  for (const copy of copies) rmSync(copy, { recursive: true });
});

/** What the check says about a repository with these files. */
const faultsOf = (files: Readonly<Record<string, string>>): string => {
  const at = mkdtempSync(join(tmpdir(), "relais-documents-"));
  copies.push(at);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(at, path)), { recursive: true });
    writeFileSync(join(at, path), text);
  }
  return documentFaults(at).join("\n");
};

const CODE = { "functions/domain/a.ts": "", "infra/x.tf": "", "package.json": '{"scripts": {"demo": ""}}' };

describe("the check of documents", () => {
  const FAULTS: readonly (readonly [what: string, files: Readonly<Record<string, string>>, says: RegExp])[] = [
    ["a front door of 121 lines", { "README.md": "a\n".repeat(121) }, /README\.md has 121 lines; 120/],
    ["a French front door of 121 lines", { "README.fr.md": "a\n".repeat(121) }, /README\.fr\.md has 121 lines/],
    ["a link to nothing", { "README.md": "[x](infra/gone.md)" }, /links to infra\/gone\.md, which does not exist/],
    ["a picture that is gone", { "test/x/README.md": "![x](x.png)" }, /links to x\.png/],
    ["a link from a dot folder", { ".github/X.md": "[x](../gone)" }, /\.github\/X\.md links to \.\.\/gone/],
    ["a link to no heading", { "README.md": "# Some thing\n[x](#other-thing)" }, /has no such heading/],
    ["a heading of another document", { "README.md": "[x](b.md#c)", "b.md": "# D" }, /b\.md has no such heading/],
    ["a heading that is code", { "README.md": "```\n# made up\n```\n[x](#made-up)" }, /has no such heading/],
    ["a path that was moved", { "infra/y.md": "see `functions/domain/b.ts`" }, /names functions\/domain\/b\.ts/],
    ["a pattern that fits nothing", { "infra/y.md": "`test/*/z.ts`" }, /names test\/\*\/z\.ts/],
    ["a path of the guide", { "functions/README.md": "`domain/b.ts`" }, /names functions\/domain\/b\.ts/],
    ["a command that is gone", { "infra/y.md": "```\nnpm run deploy -- --all\n```" }, /names the command deploy/],
    [
      "a decision that is not listed",
      { "infra/decisions/README.md": "[a](a.md)", "infra/decisions/a.md": "", "infra/decisions/b.md": "" },
      /does not list b\.md/,
    ],
    ["a folder of the guide", { "functions/README.md": "`domain/gone/`" }, /names functions\/domain\/gone\//],
  ];
  for (const [what, files, says] of FAULTS) {
    it(`refuses ${what}`, () => {
      assert.match(faultsOf({ ...CODE, ...files }), says);
    });
  }

  it("accepts what exists, what is elsewhere and what is not a path", () => {
    const text = [
      "# Été: what *is* `here`",
      "[a](#été-what-is-here) [b](functions/domain/a.ts) [c](https://example.com/x.md) [d](mailto:a@example.com)",
      "[![test](../../actions/workflows/test.yml/badge.svg)](../../actions/workflows/test.yml)",
      "`functions/domain/*.ts` `/v1/messages` `infra/x.tf` `npm start` `npm run demo` `queued`",
    ].join("\n");
    const guide = "`domain/` `domain/a.ts` `infra/x.tf` `<folder>/index.ts` `https://x.org/a.ts`";
    assert.equal(faultsOf({ ...CODE, "README.md": text, "functions/README.md": guide }), "");
  });

  it("leaves the history of releases alone", () => {
    assert.equal(faultsOf({ "CHANGELOG.md": "`functions/gone.ts`" }), "");
  });
});
