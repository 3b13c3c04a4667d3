// What the bundles of the functions leave out or load otherwise, because every cold start would pay for it. What was measured: infra/decisions/cold-start.md.
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { onlyService } from "./proto-closure.ts";
import { root } from "./repository.ts";

/**
 * `import` of one of Node's modules reads every export it has, and among those of `node:http` is `WebSocket`, whose getter loads the whole
 * of undici: 30 ms and 6 MB. Asked for as an object, only what is used is loaded.
 */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?[a-z_/0-9]+$/ }, ({ path, kind }) =>
      kind === "import-statement" && isBuiltin(path) ? { path, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** Packages that send by node-fetch, and those that make its requests. */
const SENDERS =
  /node_modules[\\/](gaxios|gcp-metadata|google-auth-library|google-gax|googleapis-common)[\\/]build[\\/].*\.js$/;

/**
 * Google's libraries send by node-fetch, yet make their `Headers` and look for the `FormData` of the platform, which loads undici. Here they take
 * node-fetch's own, which keep to the same standard.
 */
export const nodeFetchClasses: Plugin = {
  name: "node-fetch-classes",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^fetch-classes$/ }, ({ path }) => ({ path, namespace: path }));
    onLoad({ filter: /.*/, namespace: "fetch-classes" }, () => ({
      resolveDir: join(root, "node_modules/gaxios"),
      contents: 'export { FormData, Headers, Request, Response } from "node-fetch";',
    }));
    onLoad({ filter: SENDERS }, async ({ path }) => {
      const code = await readFile(path, "utf8");
      const classes = ["FormData", "Headers", "Request", "Response"].filter((name) =>
        new RegExp(`(new|instanceof) ${name}\\b`).test(code),
      );
      if (classes.length === 0) return undefined;
      return { contents: `const { ${classes.join(", ")} } = require("fetch-classes");${code}` };
    });
    // Makes web streams for platforms that have none; Node has them.
    onLoad({ filter: /fetch-blob[\\/]streams\.cjs$/ }, () => ({ contents: "" }));
  },
};

/** zod exports its messages in 50 languages as one object, so that bundlers keep them all: 40 % of a bundle that is read at each cold start. */
export const withoutZodLocales: Plugin = {
  name: "without-zod-locales",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: "export {};" })),
};

/** The services that are called, by the file that describes their messages. */
const SERVICES: readonly (readonly [file: RegExp, service: string])[] = [
  [/firestore-api[\\/]build[\\/]protos[\\/]protos\.json$/, "google.firestore.v1.Firestore"],
  [/secret-manager[\\/]build[\\/]protos[\\/]protos\.json$/, "google.cloud.secretmanager.v1.SecretManagerService"],
];

/** Parts of Google's clients that no call of ours comes to; each answers what those ask for who load it all the same. */
const UNUSED: readonly (readonly [file: RegExp, instead: string])[] = [
  // Classes of messages: handed on, and used for pipelines alone.
  [/firestore-api[\\/]build[\\/]protos[\\/]protos\.js$/, "exports.google = { firestore: { v1: {} } };"],
  [/google-gax[\\/]build[\\/]protos[\\/](iam_service|operations|locations)\.js$/, "module.exports = {};"],
  // Administration of databases, places, rights, long-running operations and uploads.
  [/firestore_admin_client\.js$/, "exports.FirestoreAdminClient = undefined;"],
  [/google-gax[\\/]build[\\/]src[\\/]locationService\.js$/, "exports.LocationsClient = class {};"],
  [/google-gax[\\/]build[\\/]src[\\/]iamService\.js$/, "exports.IamClient = class {};"],
  [/google-gax[\\/]build[\\/]src[\\/]operationsClient\.js$/, "module.exports = {};"],
  [/google-gax[\\/]build[\\/]src[\\/]resumable(Upload|SourceFromFile)\.js$/, "module.exports = {};"],
];

/** As text, which V8 reads faster than an object in a script. */
const asText = (value: unknown): string => `module.exports = JSON.parse(${JSON.stringify(JSON.stringify(value))});`;

/**
 * Google's clients load gRPC, and the descriptions and classes of many services, even where they speak REST and call one: 2.5 MB that would be
 * compiled, and 5 MB of memory, at each cold start. In the place of gRPC stands what google-gax itself offers for REST alone.
 */
export const restAlone: Plugin = {
  name: "rest-alone",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^google-gax$/ }, ({ resolveDir }) => ({ path: resolveDir, namespace: "gax-rest" }));
    onLoad({ filter: /.*/, namespace: "gax-rest" }, ({ path }) => ({
      resolveDir: path,
      contents: `module.exports = {
        ...require("google-gax/fallback"),
        loggingUtils: require("google-logging-utils"),
        Status: require(${JSON.stringify(join(root, "node_modules/google-gax/build/src/status.js"))}).Status,
        grpc: { credentials: { createInsecure: () => undefined } },
      };`,
    }));
    for (const [filter, contents] of UNUSED) onLoad({ filter }, () => ({ contents }));
    for (const [filter, service] of SERVICES)
      onLoad({ filter }, async ({ path }) => ({
        contents: asText(onlyService(JSON.parse(await readFile(path, "utf8")), service)),
        loader: "js",
      }));
  },
};

/** CommonJS packages inside an ES module bundle call `require` for Node's own modules, and name their own folder (google-gax: for files that gRPC alone reads). */
const REQUIRE_SHIM =
  'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url), __dirname = import.meta.dirname;';

/** How everything that runs on Google Cloud is bundled. */
export const bundling = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  plugins: [lazyBuiltins, nodeFetchClasses, withoutZodLocales, restAlone],
  minifyWhitespace: true,
  minifySyntax: true,
  banner: { js: REQUIRE_SHIM },
} satisfies BuildOptions;
