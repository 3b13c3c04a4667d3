import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { eventually } from "../../builders/eventually.ts";

// What functions-framework would answer itself, as text/html and with a stack trace, must reach our own edge.

const FRAMEWORK = join(import.meta.dirname, "../../../node_modules/.bin/functions-framework");

let server: ChildProcess;
let port: number;
const dataDir = mkdtempSync(join(tmpdir(), "relais-framework-"));
let output = "";

before(async () => {
  port = await freePort();
  const source = join(import.meta.dirname, "../../builders/echo-function.ts");
  server = spawn(process.execPath, [FRAMEWORK, `--source=${source}`, "--target=echo", `--port=${port}`], {
    env: { PATH: process.env.PATH, RELAIS_DATA_DIR: dataDir },
  });
  for (const stream of [server.stdout, server.stderr])
    stream?.on("data", (chunk) => {
      output += chunk;
    });
  await eventually("functions-framework answers", async () => {
    assert.equal(server.exitCode, null, output);
    return fetch(`http://127.0.0.1:${port}/health`).then(
      (response) => response.ok,
      () => false,
    );
  });
});
after(async () => {
  server.kill();
  if (server.exitCode === null) await once(server, "exit");
  rmSync(dataDir, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const send = (options: {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { path = "/v1/echo", method = "POST", headers = {}, body } = options;
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          type: answer.headers["content-type"] ?? "",
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });

const JSON_TYPE = { "Content-Type": "application/json" };

const CASES: readonly (readonly [string, Parameters<typeof send>[0], number, string])[] = [
  ["malformed JSON", { headers: JSON_TYPE, body: '{"a":' }, 400, "invalid_json"],
  [
    "malformed JSON as a CloudEvent",
    { headers: { "Content-Type": "application/cloudevents+json" }, body: "{" },
    400,
    "invalid_json",
  ],
  [
    "a primitive where its strict parser wants an object",
    { headers: JSON_TYPE, body: "nonsense" },
    400,
    "invalid_json",
  ],
  [
    "an unknown charset",
    { headers: { "Content-Type": "application/json; charset=x-klingon" }, body: "{}" },
    415,
    "unsupported_media_type",
  ],
  [
    "an unknown charset of text",
    { headers: { "Content-Type": "text/plain; charset=x-klingon" }, body: "a" },
    415,
    "unsupported_media_type",
  ],
  [
    "broken gzip",
    { headers: { ...JSON_TYPE, "Content-Encoding": "gzip" }, body: "not gzip" },
    415,
    "unsupported_media_type",
  ],
  [
    "good gzip",
    { headers: { ...JSON_TYPE, "Content-Encoding": "gzip" }, body: gzipSync("{}") },
    415,
    "unsupported_media_type",
  ],
  [
    "an unknown encoding",
    { headers: { ...JSON_TYPE, "Content-Encoding": "zzz" }, body: "{}" },
    415,
    "unsupported_media_type",
  ],
  [
    "a form too deep for its parser",
    { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: `a${"[b]".repeat(50)}=1` },
    415,
    "unsupported_media_type",
  ],
  [
    "a form with too many parameters",
    { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "a&".repeat(2000) },
    415,
    "unsupported_media_type",
  ],
  ["an undecodable path", { path: "/google_gmail/%E0%A4%A" }, 404, "not_found"],
  ["an undecodable path, read", { path: "/google_gmail/%", method: "GET" }, 404, "not_found"],
  ["a path it would ignore", { path: "/favicon.ico", method: "GET" }, 401, "unauthenticated"],
  ["a path that nobody has", { path: "/v1/nothing", method: "GET" }, 401, "unauthenticated"],
  ["a method that the path lacks", { path: "/v1/echo", method: "DELETE" }, 405, "method_not_allowed"],
  ["more than 32 MiB", { headers: JSON_TYPE, body: Buffer.alloc(33 * 1024 * 1024, 0x20) }, 413, "request_too_large"],
];

describe("under functions-framework", () => {
  for (const [what, sent, status, code] of CASES) {
    it(`answers problem details to ${what}`, async () => {
      const answer = await send(sent);
      assert.match(answer.type, /^application\/problem\+json/, answer.body);
      assert.equal(JSON.parse(answer.body).code, code);
      assert.equal(answer.status, status);
      assert.doesNotMatch(answer.body, /node_modules|at [\w.]+ \(|<html/i);
    });
  }

  it("passes a good body on, complete", async () => {
    const text = JSON.stringify({ text: "é".repeat(100_000) });
    const answer = await send({ headers: JSON_TYPE, body: text });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(JSON.parse(answer.body).bytes, Buffer.byteLength(text));
  });

  it("passes on a body that comes in chunks without a length", async () => {
    const headers = { ...JSON_TYPE, "Transfer-Encoding": "chunked" };
    const answer = await send({ headers, body: '{"a":1}' });
    assert.deepEqual(JSON.parse(answer.body).got, { a: 1 });
  });
});
