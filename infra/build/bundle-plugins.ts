// What the functions' bundles leave out or load lazily, to keep cold starts short. Measurements:
// infra/decisions/cold-start.md.
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join, relative, sep } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { pickService } from "./proto-closure.ts";
import { root } from "./repository.ts";

/**
 * `import` of a Node module reads all its exports. One export of `node:http` is `WebSocket`, whose getter loads undici:
 * 30 ms and 6 MB. Fetched as an object, the module loads only what is used.
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

/** Packages that send with node-fetch, or make requests for it. */
const NODE_FETCH_PACKAGES =
  /node_modules[\\/](gaxios|gcp-metadata|google-auth-library|google-gax|googleapis-common)[\\/]build[\\/].*\.js$/;

/**
 * Google's libraries send with node-fetch but use the platform's `Headers` and `FormData`, which load undici. This
 * gives them node-fetch's own, which follow the same standard.
 */
export const nodeFetchClasses: Plugin = {
  name: "node-fetch-classes",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^fetch-classes$/ }, ({ path }) => ({ path, namespace: path }));
    onLoad({ filter: /.*/, namespace: "fetch-classes" }, () => ({
      resolveDir: join(root, "node_modules/gaxios"),
      contents: 'export { FormData, Headers, Request, Response } from "node-fetch";',
    }));
    onLoad({ filter: NODE_FETCH_PACKAGES }, async ({ path }) => {
      const code = await readFile(path, "utf8");
      const classes = ["FormData", "Headers", "Request", "Response"].filter((name) =>
        new RegExp(`(new|instanceof) ${name}\\b`).test(code),
      );
      if (classes.length === 0) return undefined;
      return { contents: `const { ${classes.join(", ")} } = require("fetch-classes");${code}` };
    });
    // It makes web streams for platforms without them; Node has them.
    onLoad({ filter: /fetch-blob[\\/]streams\.cjs$/ }, () => ({ contents: "" }));
  },
};

/**
 * zod exports its messages in 50 languages as one object, so bundlers keep all: 40 % of a bundle, read at each cold
 * start.
 */
export const withoutZodLocales: Plugin = {
  name: "without-zod-locales",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: "export {};" })),
};

/**
 * Firestore's package without what `rest-firestore.ts` replaces: google-gax, and the client generated for it. Each
 * commit asks google-gax which codes to repeat; the answer is none, because `google-calls.ts` does that. Nor is there
 * tracing by OpenTelemetry, which nobody has set up.
 */
export const firestoreWithoutGax: Plugin = {
  name: "firestore-without-gax",
  setup: ({ onResolve, onLoad }) => {
    const filter = /^(google-gax(\/fallback)?|@google-cloud\/firestore-api(\/build\/src\/v1)?)$/;
    onResolve({ filter }, ({ path, importer }) =>
      /[\\/]@google-cloud[\\/]firestore[\\/]/.test(importer) ? { path, namespace: "no-gax" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "no-gax" }, () => ({
      contents: "module.exports = { constructSettings: () => ({}) };",
    }));
    onLoad({ filter: /enabled-trace-util\.js$/ }, () => ({
      contents: 'exports.EnabledTraceUtil = require("./disabled-trace-util").DisabledTraceUtil;',
      resolveDir: join(root, "node_modules/@google-cloud/firestore/build/src/telemetry"),
    }));
  },
};

/** The services that we call by Google's generated clients, by the file that describes their messages. */
const SERVICES: readonly (readonly [file: RegExp, service: string])[] = [
  [/secret-manager[\\/]build[\\/]protos[\\/]protos\.json$/, "google.cloud.secretmanager.v1.SecretManagerService"],
];

/** Parts of Google's clients that our calls never reach, and what their importers get instead. */
const UNUSED: readonly (readonly [file: RegExp, instead: string])[] = [
  // Message classes, which only pipelines use.
  [/firestore-api[\\/]build[\\/]protos[\\/]protos\.js$/, "exports.google = { firestore: { v1: {} } };"],
  [/google-gax[\\/]build[\\/]protos[\\/](iam_service|operations|locations)\.js$/, "module.exports = {};"],
  // Locations, IAM, long-running operations and uploads.
  [/google-gax[\\/]build[\\/]src[\\/]locationService\.js$/, "exports.LocationsClient = class {};"],
  [/google-gax[\\/]build[\\/]src[\\/]iamService\.js$/, "exports.IamClient = class {};"],
  [/google-gax[\\/]build[\\/]src[\\/]operationsClient\.js$/, "module.exports = {};"],
  [/google-gax[\\/]build[\\/]src[\\/]resumable(Upload|SourceFromFile)\.js$/, "module.exports = {};"],
];

/** V8 parses JSON text faster than an object literal. */
const toModuleText = (value: unknown): string =>
  `module.exports = JSON.parse(${JSON.stringify(JSON.stringify(value))});`;

const slashed = (path: string): string => path.split(sep).join("/");

/** From the root. Its package exports no such entry point, so it must be required as a file. */
const GAX_STATUS = "node_modules/google-gax/build/src/status.js";

/**
 * Even over REST, Google's clients load gRPC and the descriptions and classes of many services: 2.5 MB to compile and 5
 * MB of memory at each cold start. google-gax's own REST-only entry point replaces gRPC.
 */
export const restOnly: Plugin = {
  name: "rest-only",
  setup: ({ onResolve, onLoad }) => {
    // The path becomes part of the bundle, which must not show where the repository is.
    onResolve({ filter: /^google-gax$/ }, ({ resolveDir }) => ({
      path: slashed(relative(root, resolveDir)),
      namespace: "gax-rest",
    }));
    onLoad({ filter: /.*/, namespace: "gax-rest" }, ({ path }) => ({
      resolveDir: join(root, path),
      contents: `module.exports = {
        ...require("google-gax/fallback"),
        loggingUtils: require("google-logging-utils"),
        Status: require(${JSON.stringify(slashed(relative(path, GAX_STATUS)))}).Status,
        grpc: { credentials: { createInsecure: () => undefined } },
      };`,
    }));
    for (const [filter, contents] of UNUSED) onLoad({ filter }, () => ({ contents }));
    for (const [filter, service] of SERVICES)
      onLoad({ filter }, async ({ path }) => ({
        contents: toModuleText(pickService(JSON.parse(await readFile(path, "utf8")), service)),
        loader: "js",
      }));
  },
};

/**
 * CommonJS packages inside an ES module bundle call `require` for Node's modules and use their own folder's name
 * (google-gax, for files that only gRPC reads).
 */
const REQUIRE_SHIM =
  'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url), __dirname = import.meta.dirname;';

export const bundling = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  plugins: [lazyBuiltins, nodeFetchClasses, withoutZodLocales, firestoreWithoutGax, restOnly],
  minifyWhitespace: true,
  minifySyntax: true,
  banner: { js: REQUIRE_SHIM },
} satisfies BuildOptions;
