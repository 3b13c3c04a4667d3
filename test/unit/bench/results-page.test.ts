import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { partNames } from "../../bench/page/parts.ts";
import { PAGE, readFacts, resultsPage } from "../../bench/page/results-page.ts";

const headings = (page: string): readonly string[] => [...page.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title);

test("the page of results is what the script makes of the JSON", () => {
  const page = readFileSync(PAGE, "utf8");
  assert.equal(page, resultsPage(readFacts), "write it with `npm run bench`, not by hand");
});

test("each section says what made it, at which commit, on which machine and when", () => {
  const sections = resultsPage(readFacts).split(/^## /m).slice(1);
  assert.ok(sections.length > 0);
  for (const section of sections)
    assert.match(
      section,
      /^Made by `npm run bench -- [a-z]+.*` at commit [0-9a-f]{7,}.* on \d{4}-\d\d-\d\d \(Node v.+, \d+ cores.*\)\.$/m,
    );
});

test("a changed figure changes the page, and a part that was not measured has no section", () => {
  const [part, ...others] = partNames.filter((name) => readFacts(name) !== undefined);
  const changed = readFacts(part ?? "send")?.replace(/"commit": "\w+/, '"commit": "fffffff');
  assert.match(
    resultsPage((name) => (name === part ? changed : readFacts(name))),
    /at commit fffffff/,
  );
  const without = resultsPage((name) => (name === part ? undefined : readFacts(name)));
  assert.equal(headings(without).length, others.length);
});
