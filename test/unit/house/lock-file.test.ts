import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cutLockFile } from "../../../infra/build/lock-file.ts";

const MANIFEST = { name: "f", engines: { node: "24" }, dependencies: { a: "1.0.0" } };

const lockOf = (packages: Readonly<Record<string, object>>) => ({ name: "all", lockfileVersion: 3, packages });

const keptOf = (packages: Readonly<Record<string, object>>): readonly string[] =>
  Object.keys(cutLockFile(lockOf(packages), MANIFEST).packages);

describe("cutLockFile", () => {
  it("keeps what the dependencies need, in their places, and nothing else", () => {
    const packages = {
      "": { dependencies: { a: "1.0.0", other: "1.0.0" } },
      "node_modules/a": { version: "1.0.0", dependencies: { b: "^2.0.0", c: "^1.0.0" } },
      "node_modules/a/node_modules/b": { version: "2.0.0", dependencies: { "@s/d": "1" } },
      "node_modules/b": { version: "1.0.0" },
      "node_modules/c": { version: "1.0.0", dependencies: { a: "1" } },
      "node_modules/@s/d": { version: "1.0.0" },
      "node_modules/other": { version: "1.0.0" },
    };
    assert.deepEqual(cutLockFile(lockOf(packages), MANIFEST), {
      name: "f",
      lockfileVersion: 3,
      requires: true,
      packages: {
        "": MANIFEST,
        "node_modules/a": packages["node_modules/a"],
        "node_modules/a/node_modules/b": packages["node_modules/a/node_modules/b"],
        "node_modules/c": packages["node_modules/c"],
        "node_modules/@s/d": packages["node_modules/@s/d"],
      },
    });
  });

  it("finds a package of a scope that is nested, and what its neighbour needs", () => {
    const packages = {
      "node_modules/a": { dependencies: { "@s/b": "1" } },
      "node_modules/a/node_modules/@s/b": { dependencies: { c: "1" } },
      "node_modules/a/node_modules/c": {},
      "node_modules/c": {},
    };
    const [, ...kept] = keptOf(packages);
    assert.deepEqual(kept, ["node_modules/a", "node_modules/a/node_modules/@s/b", "node_modules/a/node_modules/c"]);
  });

  it("keeps peers, and optional packages that are there", () => {
    const packages = {
      "node_modules/a": {
        dependencies: { p: "1" },
        optionalDependencies: { here: "1", skipped: "1" },
        peerDependencies: { peer: "1", maybe: "1" },
        peerDependenciesMeta: { maybe: { optional: true } },
      },
      "node_modules/p": {},
      "node_modules/here": {},
      "node_modules/peer": {},
      "node_modules/maybe": {},
    };
    const [, ...kept] = keptOf(packages);
    assert.deepEqual(kept, ["node_modules/a", "node_modules/p", "node_modules/here", "node_modules/peer"]);
  });

  it("throws if a package is missing, instead of leaving it to the platform to choose one", () => {
    assert.throws(() => keptOf({}), /lacks a, which the function needs/);
    assert.throws(
      () => keptOf({ "node_modules/a": { dependencies: { b: "1" } } }),
      /lacks b, which node_modules\/a needs/,
    );
  });
});
