import assert from "node:assert/strict";
import { describe, test } from "node:test";
import vm from "node:vm";
import { requireLazily } from "../../../infra/build/lazy-requires.ts";

/** Runs a module of CommonJS; returns its exports and the modules that it has required so far. */
const run = (code: string) => {
  const required: string[] = [];
  const require = (name: string) => {
    required.push(name);
    return {
      URL: class {
        href = "made";
      },
      run: () => `ran ${name}`,
      Base: class {
        kind = name;
      },
    };
  };
  const module = { exports: {} as Record<string, unknown> };
  vm.runInNewContext(requireLazily(code), { require, exports: module.exports });
  return { exports: module.exports, required };
};

describe("a module of Google's packages in a bundle", () => {
  test("requires another module when it first uses something of it", () => {
    const { exports, required } = run('const a_1 = require("a");\nexports.use = () => (0, a_1.run)();');
    assert.deepEqual(required, []);
    assert.equal((exports.use as () => string)(), "ran a");
    assert.deepEqual(required, ["a"]);
  });

  test("still makes objects, and extends classes, of another module", () => {
    const { exports } = run(
      'const url_1 = require("url");\nvar base_1 = require("base");\nexports.href = new url_1.URL("x").href;\nexports.kind = new (class extends base_1.Base {})().kind;',
    );
    assert.deepEqual({ ...exports }, { href: "made", kind: "base" });
  });

  test("exports another module as a whole without requiring it", () => {
    const { exports, required } = run('exports.whole = require("whole");');
    assert.deepEqual(required, []);
    assert.equal((exports.whole as { run: () => string }).run(), "ran whole");
  });

  test("that is a function takes over its other exports without requiring their modules", () => {
    const { required, exports } = run(
      [
        'const a_1 = require("a");',
        'Object.defineProperty(exports, "run", { enumerable: true, get: () => a_1.run });',
        "const module = { exports: () => undefined };",
        "const existing = exports;",
        "existing.taken = Object.assign(module.exports, existing);",
      ].join("\n"),
    );
    assert.deepEqual(required, []);
    assert.equal((exports.taken as { run: () => string }).run(), "ran a");
    assert.deepEqual(required, ["a"]);
  });

  test("is left as it is where a module is used other than by a member, or under another name", () => {
    for (const code of [
      'const a_1 = require("a");\nexports.all = Object.assign({}, a_1);',
      'const other = require("other");\nexports.run = other.run;',
      'const { run } = require("c");\nexports.run = run;',
    ])
      assert.equal(requireLazily(code), code);
  });

  test("keeps its lines, which stack traces name", () => {
    const code = 'const a_1 = require("a");\nconst b_1 = require("b");\nexports.x = () => a_1.run(b_1.run());';
    assert.equal(requireLazily(code).split("\n").length, code.split("\n").length);
  });
});
