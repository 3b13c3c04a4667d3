import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { sourceBuild } from "../../../functions/runtime/local/source-build.ts";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const git = (cwd: string, ...args: readonly string[]): string => {
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"];
  const ran = spawnSync("git", [...identity, ...args], { cwd, encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout.trim();
};

const sources = (): string => {
  const root = mkdtempSync(join(tmpdir(), "relais-sources-"));
  folders.push(root);
  mkdirSync(join(root, "functions"));
  mkdirSync(join(root, "test"));
  writeFileSync(join(root, "package.json"), '{"version":"1.2.3"}');
  writeFileSync(join(root, "functions/code.ts"), "1;\n");
  return root;
};

const committed = () => {
  const root = sources();
  git(root, "init", "-q");
  git(root, "add", "-A");
  git(root, "commit", "-q", "-m", "First");
  return { root, commit: git(root, "rev-parse", "HEAD") };
};
const original = committed();

/** A copy of one that is never changed, since git would take four processes for each. */
const repository = () => {
  const root = sources();
  cpSync(original.root, root, { recursive: true });
  return { ...original, root };
};

describe("sourceBuild", () => {
  it("names the release and the commit that is checked out, in a clone and a worktree too", () => {
    const { root, commit } = repository();
    assert.deepEqual(sourceBuild(root, null), { version: "1.2.3", commit });
    const [clone, worktree] = [`${root}-clone`, `${root}-worktree`];
    folders.push(clone, worktree);
    git(root, "clone", "-q", root, clone);
    git(root, "worktree", "add", "-q", "--detach", worktree);
    assert.equal(sourceBuild(clone, null).commit, commit);
    assert.equal(sourceBuild(worktree, null).commit, commit);
  });

  it("says so if sources have changed since: edited, added, staged or deleted", () => {
    const changes: Readonly<Record<string, (root: string) => void>> = {
      edited: (root) => writeFileSync(join(root, "functions/code.ts"), "2;\n"),
      added: (root) => writeFileSync(join(root, "functions/more.ts"), "2;\n"),
      staged: (root) => {
        writeFileSync(join(root, "package.json"), '{"version":"2.0.0"}');
        git(root, "add", "-A");
      },
      deleted: (root) => rmSync(join(root, "functions/code.ts")),
    };
    for (const [what, change] of Object.entries(changes)) {
      const { root, commit } = repository();
      change(root);
      assert.equal(sourceBuild(root, null).commit, `${commit}-dirty`, what);
    }
  });

  it("does not count a changed test or document, of which nothing is built", () => {
    const { root, commit } = repository();
    writeFileSync(join(root, "test/new.test.ts"), "1;\n");
    writeFileSync(join(root, "README.md"), "# New\n");
    assert.equal(sourceBuild(root, null).commit, commit);
  });

  it("knows no commit without a repository of its own, even inside another one", () => {
    assert.equal(sourceBuild(sources(), null).commit, "unknown");
    const { root } = repository();
    const inside = join(root, "functions/unpacked");
    cpSync(sources(), inside, { recursive: true });
    assert.equal(sourceBuild(inside, null).commit, "unknown");
  });

  it("knows no commit where none was made yet, or git cannot read the repository", () => {
    const unborn = sources();
    git(unborn, "init", "-q");
    assert.equal(sourceBuild(unborn, null).commit, "unknown");
    const broken = sources();
    writeFileSync(join(broken, ".git"), "gitdir: /nowhere\n");
    assert.equal(sourceBuild(broken, null).commit, "unknown");
  });

  it("believes the commit that it is given", () => {
    assert.deepEqual(sourceBuild(repository().root, "v1.2.3-4"), { version: "1.2.3", commit: "v1.2.3-4" });
  });
});
