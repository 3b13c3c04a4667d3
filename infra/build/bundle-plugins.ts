// What the functions' bundles leave out or load lazily, to keep cold starts short. Measurements:
// infra/decisions/cold-start.md.
import { join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { lazyBuiltins } from "./builtins.ts";
import { lazyRequires } from "./lazy-requires.ts";
import {
  mediaTypesAtFirstUse,
  queriesWithoutQs,
  versionsAlone,
  withoutJsonSchemas,
  withoutUncalledModules,
} from "./left-out.ts";
import { root } from "./repository.ts";

/** Packages that send with node-fetch, or make requests for it. */
const NODE_FETCH_PACKAGES =
  /node_modules[\\/](gaxios|gcp-metadata|google-auth-library|googleapis-common)[\\/]build[\\/].*\.js$/;

/**
 * Google's libraries send with node-fetch but use the platform's `Headers` and `FormData`, which load undici. This
 * gives them node-fetch's own, which follow the same standard.
 */
const useNodeFetchClasses = (path: string, code: string): string => {
  const classes = ["FormData", "Headers", "Request", "Response"].filter((name) =>
    new RegExp(`(new|instanceof) ${name}\\b`).test(code),
  );
  if (!NODE_FETCH_PACKAGES.test(path) || classes.length === 0) return code;
  return `const { ${classes.join(", ")} } = require("fetch-classes");${code}`;
};

/** Where those classes are found. */
export const nodeFetchClasses: Plugin = {
  name: "node-fetch-classes",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^fetch-classes$/ }, ({ path }) => ({ path, namespace: path }));
    onLoad({ filter: /.*/, namespace: "fetch-classes" }, () => ({
      resolveDir: join(root, "node_modules/gaxios"),
      contents: 'export { FormData, Headers, Request, Response } from "node-fetch";',
    }));
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
    // Message classes, which only google-gax uses, and pipelines, with a library that describes messages.
    onLoad({ filter: /[\\/]firestore[\\/]build[\\/]protos[\\/]firestore_v1_proto_api\.js$/ }, () => ({
      contents: "exports.google = { firestore: { v1: {} } };",
    }));
    onLoad({ filter: /[\\/]firestore[\\/]build[\\/]src[\\/]pipelines[\\/]index\.js$/ }, () => ({
      contents: "exports.Pipeline = class {}; exports.PipelineSource = class {};",
    }));
    onLoad({ filter: /[\\/]firestore[\\/]build[\\/]src[\\/]pipelines[\\/]pipeline-util\.js$/ }, () => ({
      contents: 'exports.isString = (value) => typeof value === "string";',
    }));
    onLoad({ filter: /firestore-api[\\/]build[\\/]protos[\\/]protos\.js$/ }, () => ({
      contents: "exports.google = { firestore: { v1: {} } };",
    }));
    onLoad({ filter: /enabled-trace-util\.js$/ }, () => ({
      contents: 'exports.EnabledTraceUtil = require("./disabled-trace-util").DisabledTraceUtil;',
      resolveDir: join(root, "node_modules/@google-cloud/firestore/build/src/telemetry"),
    }));
  },
};

/**
 * Secret Manager's client without what `rest-transport.ts` replaces: google-gax, and the description of the API. Its
 * own log goes too, because with `GOOGLE_SDK_NODE_LOGGING` it would show secrets.
 */
export const secretManagerWithoutGax: Plugin = {
  name: "secret-manager-without-gax",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^google-gax$/ }, ({ path, importer }) =>
      /[\\/]@google-cloud[\\/]secret-manager[\\/]/.test(importer) ? { path, namespace: "silent-gax" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "silent-gax" }, () => ({
      contents: "exports.loggingUtils = { log: () => ({ info: () => undefined }) };",
    }));
    onLoad({ filter: /[\\/]secret-manager[\\/]build[\\/]protos[\\/]protos\.json$/ }, () => ({
      contents: "{}",
      loader: "json",
    }));
  },
};

/** CommonJS packages inside an ES module bundle call `require` for Node's modules. */
const REQUIRE_SHIM = 'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);';

export const bundling = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  plugins: [
    ...[lazyBuiltins, nodeFetchClasses, withoutZodLocales, firestoreWithoutGax, secretManagerWithoutGax],
    ...[withoutUncalledModules, versionsAlone, withoutJsonSchemas, queriesWithoutQs, mediaTypesAtFirstUse],
    lazyRequires(useNodeFetchClasses),
  ],
  minifyWhitespace: true,
  minifySyntax: true,
  banner: { js: REQUIRE_SHIM },
} satisfies BuildOptions;
