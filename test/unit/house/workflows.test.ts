import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../../..");

/** A commit's digest and the version that it was; or a workflow of this very repository. */
const PINNED = /^(?:\.\/\.github\/|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/;

const unpinned = (workflow: string): readonly string[] =>
  [...workflow.matchAll(/^\s*(?:- )?uses:\s*(.*)$/gm)]
    .map(([, used = ""]) => used)
    .filter((used) => !PINNED.test(used));

describe("the workflows", () => {
  const workflows = globSync(".github/workflows/*.{yml,yaml}", { cwd: root }).map((path) => ({
    path,
    text: readFileSync(join(root, path), "utf8"),
  }));

  it("use other people's actions by digest, beside the version for people", () => {
    assert.ok(workflows.length >= 2);
    for (const { path, text } of workflows) {
      assert.match(text, /uses:/);
      assert.deepEqual(unpinned(text), [], path);
    }
    for (const used of ["a/b@v5", "a/b@main", "a/b@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "a/b@08c6903 # v5.0.0"])
      assert.deepEqual(unpinned(`    steps:\n      - uses: ${used}\n`), [used]);
  });

  it("pin an action to the same digest everywhere", () => {
    const digests = new Map<string, Set<string>>();
    for (const { text } of workflows)
      for (const [, action = "", digest = ""] of text.matchAll(/uses: ([\w./-]+)@(\S+)/g))
        digests.set(action, (digests.get(action) ?? new Set()).add(digest));
    assert.ok(digests.size >= 5);
    for (const [action, found] of digests) assert.equal(found.size, 1, action);
  });

  it("may only read, unless a job says otherwise, and leave no credential in the checkout", () => {
    for (const { path, text } of workflows) {
      assert.match(text, /^permissions:\n {2}contents: read\n/m, path);
      const checkouts = text.match(/uses: actions\/checkout@/g)?.length ?? 0;
      assert.equal(text.match(/persist-credentials: false/g)?.length ?? 0, checkouts, path);
    }
  });

  it("refuse to release under a tag that is not the version", () => {
    const { text = "" } = workflows.find(({ path }) => path.endsWith("release.yml")) ?? {};
    const check = /The tag is the version\n\s+run: (.*)/.exec(text)?.[1] ?? "false";
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const statusFor = (tag: string) =>
      spawnSync("sh", ["-c", check], { cwd: root, env: { ...process.env, GITHUB_REF_NAME: tag } }).status;
    assert.equal(statusFor(`v${version}`), 0);
    for (const wrong of [version, `v${version}-rc.1`, "v999.0.0"]) assert.notEqual(statusFor(wrong), 0, wrong);
  });
});
