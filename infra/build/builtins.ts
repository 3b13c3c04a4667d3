// How bundles import Node's own modules. Measurements: infra/decisions/cold-start.md.
import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";

const NAME = /^[A-Za-z_$][\w$]*$/;

/** An ES module with the exports of `node:path` or the like, each read only where a bundle imports it by name. */
const moduleOf = (path: string): string => {
  const names = Object.getOwnPropertyNames(process.getBuiltinModule(path) ?? {});
  return [
    `const builtin = process.getBuiltinModule(${JSON.stringify(path)});`,
    "export default builtin;",
    ...names
      .filter((name) => NAME.test(name) && name !== "default")
      .map((name, at) => `const x${at} = /* @__PURE__ */ (() => builtin.${name})(); export { x${at} as ${name} };`),
  ].join("\n");
};

/**
 * `import` of a Node module reads all its exports, and so does esbuild's own way to import what is not an ES module.
 * One export of `node:http` is `WebSocket`, whose getter loads undici: 30 ms and 6 MB; those of `node:util` load worker
 * threads. Here only what is imported by name is read.
 */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?[a-z_/0-9]+$/ }, ({ path, kind }) =>
      kind === "import-statement" && isBuiltin(path) ? { path, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({ contents: moduleOf(path) }));
  },
};
