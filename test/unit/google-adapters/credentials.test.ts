import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { applicationDefaultToken } from "../../../functions/adapters/google-cloud/credentials.ts";

test("the token comes from the metadata server, which is asked once while the token lasts", async () => {
  const asked: string[] = [];
  const metadata = createServer((request, response) => {
    asked.push(`${request.url}`);
    const headers = { "content-type": "application/json", "metadata-flavor": "Google" };
    if (request.headers["metadata-flavor"] !== "Google") return void response.writeHead(403).end();
    const token = { access_token: "ya29.of-the-function", expires_in: 3_599, token_type: "Bearer" };
    response.writeHead(200, headers).end(request.url?.includes("/token") ? JSON.stringify(token) : "test-project");
  });
  metadata.listen(0, "127.0.0.1");
  await once(metadata, "listening");
  // As on Cloud Run: there is no key file, but a metadata server.
  process.env.HOME = tmpdir();
  delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
  process.env.CLOUDSDK_CONFIG = tmpdir();
  process.env.GCE_METADATA_HOST = `127.0.0.1:${(metadata.address() as AddressInfo).port}`;
  process.env.METADATA_SERVER_DETECTION = "assume-present";
  const accessToken = applicationDefaultToken();
  assert.deepEqual(await Promise.all([accessToken(), accessToken()]), ["ya29.of-the-function", "ya29.of-the-function"]);
  assert.equal(await accessToken(), "ya29.of-the-function");
  assert.equal(asked.filter((url) => url.includes("/service-accounts/default/token")).length, 1);
  metadata.closeAllConnections();
  metadata.close();
});
