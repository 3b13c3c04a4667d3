// `npm run openapi` writes openapi.json from the routes, the schemas and the catalogue of problems; a test compares the
// two. `npm run openapi -- --out FILE` writes elsewhere.
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { THIS_BUILD } from "../domain/build.ts";
import { compose } from "../runtime/compose.ts";
import { loadConfig } from "../runtime/config.ts";
import { everyRoute } from "../runtime/handlers/every-route.ts";
import { healthRoute } from "../runtime/http-edge.ts";
import { openApiDocument } from "./openapi.ts";

const root = join(import.meta.dirname, "../..");

/** The routes are bound to a system that opens nothing until it is called, and nobody calls it. */
const routes = () => {
  const config = loadConfig({ RELAIS_DATA_DIR: join(tmpdir(), "relais-openapi"), RELAIS_SETUP_TOKEN: "x".repeat(32) });
  return [...everyRoute(compose(config, { component: "openapi" })), healthRoute(THIS_BUILD)];
};

const { values } = parseArgs({ options: { out: { type: "string" } } });
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const document = openApiDocument(routes(), version);
writeFileSync(values.out ?? join(import.meta.dirname, "openapi.json"), `${JSON.stringify(document, null, 2)}\n`);
