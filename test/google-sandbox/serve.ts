import { parseArgs } from "node:util";
import { startGoogleSandbox } from "./sandbox.ts";

/**
 * The sandbox as a program of its own: `node test/google-sandbox/serve.ts [--data-dir <folder>] [--port <n>]
 * [--smtp-port <n>] [--redirect-uri <uri>]…`. The first line of its output is JSON: `{environment, mailboxUrl,
 * client}`.
 */
const { values } = parseArgs({
  options: {
    "data-dir": { type: "string" },
    port: { type: "string", default: "0" },
    "smtp-port": { type: "string", default: "0" },
    "redirect-uri": { type: "string", multiple: true },
  },
});
const dataDir = values["data-dir"];
const redirectUris = values["redirect-uri"];
const sandbox = await startGoogleSandbox({
  ...(dataDir === undefined ? {} : { dataDir }),
  ...(redirectUris === undefined ? {} : { redirectUris }),
  ports: { http: Number(values.port), smtp: Number(values["smtp-port"]) },
});
const { environment, mailboxUrl, client } = sandbox;
console.log(JSON.stringify({ environment, mailboxUrl, client }));
process.once("SIGTERM", () => sandbox.close());
process.once("SIGINT", () => sandbox.close());
