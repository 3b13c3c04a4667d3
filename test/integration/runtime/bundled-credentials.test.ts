import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { bundling } from "../../../infra/build/bundle-plugins.ts";

const root = join(import.meta.dirname, "../../..");
const out = mkdtempSync(join(tmpdir(), "relais-bundled-"));
const TOKEN = "ya29.of-the-function";

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly authorization: string | undefined;
}
const asked: Asked[] = [];

const answers: readonly (readonly [path: RegExp, body: unknown])[] = [
  [/\/service-accounts\/default\/token/, { access_token: TOKEN, expires_in: 3_599, token_type: "Bearer" }],
  [/\/secrets\/a\/versions\/1:access\b/, { name: "projects/p/secrets/a/versions/1", payload: { data: "dmFsdWU=" } }],
  [
    /documents:batchGet/,
    [
      {
        missing: "projects/p/databases/(default)/documents/settings/settings",
        readTime: "2026-11-22T09:00:00.000000Z",
      },
    ],
  ],
  [/topics\/mail-send:publish$/, { messageIds: ["1"] }],
];

/** The metadata server and Google's services in one, as far as one call of each needs. */
const standIn = createServer((request: IncomingMessage, response: ServerResponse) => {
  const host = String(request.headers["x-meant-for"] ?? "metadata");
  asked.push({ host, path: request.url ?? "", authorization: request.headers.authorization });
  const [, body] = answers.find(([path]) => path.test(request.url ?? "")) ?? [];
  request.resume();
  response.writeHead(body === undefined ? 404 : 200, {
    "content-type": "application/json",
    "metadata-flavor": "Google",
  });
  response.end(JSON.stringify(body ?? { error: { code: 404, status: "NOT_FOUND", message: request.url } }));
});

/** Redirects what goes to Google's hosts to the stand-in, at the last moment, so that the clients do not notice. */
const ENTRY = `
  import { applicationDefaultToken } from "./functions/adapters/google-cloud/credentials.ts";
  import { googleCalls } from "./functions/adapters/google-cloud/google-calls.ts";
  import { openDatabase } from "./functions/adapters/firestore/database.ts";
  import { pubsubPublisher } from "./functions/adapters/pubsub/pubsub-publisher.ts";
  import { openSecretManager, textOf } from "./functions/adapters/secret-manager/client.ts";
  import { systemRandom } from "./functions/runtime/randomness.ts";
  import { systemClock } from "./functions/runtime/system-clock.ts";
  const [version] = await openSecretManager(null).accessSecretVersion({ name: "projects/p/secrets/a/versions/1" });
  const settings = await openDatabase("p", null).doc("settings/settings").get();
  const calls = googleCalls({ clock: systemClock(1), random: systemRandom });
  const publisher = pubsubPublisher({ calls, projectId: "p", accessToken: applicationDefaultToken(), emulatorHost: null });
  await publisher.publish("mail-send", { data: { id: "msg_1" }, attributes: {} });
  console.log(JSON.stringify({ secret: textOf(version.payload), exists: settings.exists }));
  process.exit(0);
`;

const REDIRECT = `
  const http = process.getBuiltinModule("node:http");
  const https = process.getBuiltinModule("node:https");
  const port = Number(process.env.STAND_IN_PORT);
  https.request = (url, options, callback) => {
    const { hostname, pathname, search } = new URL(url);
    const headers = { ...options.headers, "x-meant-for": hostname };
    const { agent, protocol, ...others } = options;
    return http.request({ ...others, headers, hostname: "127.0.0.1", port, path: pathname + search }, callback);
  };
`;

before(async () => {
  standIn.listen(0, "127.0.0.1");
  await once(standIn, "listening");
});
after(() => {
  standIn.closeAllConnections();
  standIn.close();
  rmSync(out, { recursive: true });
});

test("the bundled code finds the function's own account and shows its token to each of Google's services", async () => {
  await build({
    ...bundling,
    outdir: out,
    stdin: { contents: ENTRY, resolveDir: root, sourcefile: "entry.ts", loader: "ts" },
    banner: { js: `${REDIRECT}${bundling.banner.js}` },
    logLevel: "error",
    sourcemap: "linked",
  });
  const port = (standIn.address() as AddressInfo).port;
  // As on Cloud Run: there is no key file, but a metadata server.
  const env = {
    PATH: process.env.PATH,
    HOME: out,
    CLOUDSDK_CONFIG: out,
    GOOGLE_CLOUD_PROJECT: "p",
    GCE_METADATA_HOST: `127.0.0.1:${port}`,
    METADATA_SERVER_DETECTION: "assume-present",
    STAND_IN_PORT: String(port),
  };
  const child = spawn(process.execPath, ["--enable-source-maps", join(out, "stdin.js")], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += part));
  const [code] = await once(child, "close");
  assert.equal(code, 0, output.slice(-2_000));
  assert.deepEqual(JSON.parse(output.trim().split("\n").at(-1) ?? ""), { secret: "value", exists: false });
  const services = asked.filter(({ host }) => host !== "metadata");
  assert.deepEqual([...new Set(services.map(({ host }) => host))].sort(), [
    "firestore.googleapis.com",
    "pubsub.googleapis.com",
    "secretmanager.googleapis.com",
  ]);
  for (const { host, authorization } of services) assert.equal(authorization, `Bearer ${TOKEN}`, host);
});
