import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { askEndpoint } from "../../../functions/adapters/google-oauth/endpoint.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";

const SCALES = [1, 1.5, 3, 7, 9, 60, 70, 3_600];

test("at any scale a nominal duration takes whole milliseconds, and never less than its share", () => {
  for (const scale of SCALES) {
    for (const nominalMs of [1, 20, 1_000, 10_000, 120_000]) {
      const realMs = systemClock(scale).lasting(nominalMs);
      assert.ok(Number.isInteger(realMs) && realMs >= nominalMs / scale && realMs < nominalMs / scale + 1, `${realMs}`);
    }
  }
});

test("requests to Google work at any scale", async (t) => {
  const google = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
  t.after(() => google.close());
  await once(google, "listening");
  const url = `http://127.0.0.1:${(google.address() as AddressInfo).port}/certs`;
  for (const scale of SCALES) assert.equal((await askEndpoint(systemClock(scale), url)).kind, "answer", `${scale}`);
});
