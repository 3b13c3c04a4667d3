import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  type ApiCall,
  CANONICAL_STATUSES,
  type CanonicalStatus,
  type GoogleApi,
  GoogleApiError,
  googleApi,
} from "../../../functions/adapters/google-rest/google-api.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";

describe("a call to one of Google's APIs", () => {
  /** What the server answers, one after the other; the last one for all further requests. */
  let answers: ((response: ServerResponse) => void)[];
  let seen: { readonly line: string; readonly authorization: string | undefined; readonly body: string }[];
  let slept: number[];
  let api: GoogleApi;
  let close: () => Promise<void>;
  beforeEach(async () => {
    [answers, seen, slept] = [[], [], []];
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      seen.push({ line: `${request.method} ${request.url}`, authorization: request.headers.authorization, body });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    api = googleApi({
      rootUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      accessToken: async () => "ya29.token",
      sleep: async (ms) => void slept.push(ms),
      fraction: () => 0.5,
    });
    close = async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    };
  });
  afterEach(() => close());

  const replying = (status: number, body: string) => (response: ServerResponse) =>
    void response.writeHead(status).end(body);
  // Over REST an HTTP status says less than the name: the wrong one must not mislead.
  const refusing = (status: string, httpStatus = 400) =>
    replying(httpStatus, JSON.stringify({ error: { code: httpStatus, status, message: "said Google" } }));
  const dropping = (response: ServerResponse) => void response.destroy();
  const success = replying(200, '{"a": 1}');
  const call = (fields: Partial<ApiCall> = {}): ApiCall => ({
    act: "read a record",
    method: "POST",
    path: "/v1/x?y=1",
    body: { q: "é" },
    repeatable: true,
    ...fields,
  });

  test("carries the token, and gives the answer's JSON", async () => {
    answers = [success];
    assert.deepEqual(await api.call(call()), { a: 1 });
    assert.deepEqual(seen, [{ line: "POST /v1/x?y=1", authorization: "Bearer ya29.token", body: '{"q":"é"}' }]);
  });

  test("an empty answer is an empty object", async () => {
    answers = [replying(200, "")];
    assert.deepEqual(await api.call(call()), {});
  });

  for (const status of CANONICAL_STATUSES) {
    test(`${status} is answered where it is expected, by its name whatever the HTTP status`, async () => {
      answers = [refusing(status, 418)];
      assert.deepEqual(await api.attempt(call(), status), { status });
      assert.equal(seen.length, 1);
    });
  }

  const defects: readonly CanonicalStatus[] = ["INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"];
  const repeated: readonly CanonicalStatus[] = ["ABORTED", "UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED"];
  for (const status of CANONICAL_STATUSES) {
    const times = repeated.includes(status) ? 4 : 1;
    const sort = defects.includes(status) ? "a defect" : "Unavailable";
    test(`${status}, not expected, is ${sort} after ${times} of a repeatable call`, async () => {
      answers = [refusing(status)];
      await assert.rejects(api.call(call()), (error) => {
        assert.ok(error instanceof Error);
        assert.equal(error instanceof Unavailable, !defects.includes(status));
        assert.equal(error.message, "could not read a record");
        assert.ok(error.cause instanceof GoogleApiError);
        assert.equal(error.cause.status, status);
        return true;
      });
      assert.equal(seen.length, times);
    });
  }

  test("a call that must not be done twice is repeated after ABORTED alone, which says that it was not done", async () => {
    for (const [status, times] of [
      ["ABORTED", 4],
      ["UNAVAILABLE", 1],
      ["DEADLINE_EXCEEDED", 1],
    ] as const) {
      [answers, seen] = [[refusing(status)], []];
      await assert.rejects(api.call(call({ repeatable: false })), Unavailable);
      assert.equal(seen.length, times, status);
    }
  });

  test("tries further apart each time, and takes the first success", async () => {
    answers = [refusing("UNAVAILABLE", 503), dropping, refusing("ABORTED", 409), success];
    assert.deepEqual(await api.call(call()), { a: 1 });
    assert.deepEqual(slept, [100, 200, 400]);
  });

  test("a lost connection is Unavailable, once where it must not be done twice", async () => {
    answers = [dropping];
    await assert.rejects(api.call(call({ repeatable: false })), Unavailable);
    assert.equal(seen.length, 1);
  });

  test("an answer without a name proves nothing about the thing asked for", async () => {
    for (const httpStatus of [400, 404, 409]) {
      answers = [replying(httpStatus, "<html>a proxy's page</html>")];
      const expected = ["NOT_FOUND", "ALREADY_EXISTS", "ABORTED", "FAILED_PRECONDITION", "INVALID_ARGUMENT"] as const;
      await assert.rejects(api.attempt(call(), ...expected), Unavailable, String(httpStatus));
    }
  });

  test("a name within a list is read, as streaming methods answer", async () => {
    answers = [replying(404, JSON.stringify([{ error: { code: 404, status: "NOT_FOUND", message: "none" } }]))];
    assert.deepEqual(await api.attempt(call(), "NOT_FOUND"), { status: "NOT_FOUND" });
  });

  test("a success that is not JSON, or a redirect, is Unavailable", async () => {
    const redirect = (response: ServerResponse) => void response.writeHead(302, { location: "/elsewhere" }).end();
    for (const answer of [replying(200, "<html>"), redirect]) {
      answers = [answer];
      await assert.rejects(api.call(call()), Unavailable);
    }
    assert.ok(seen.every(({ line }) => !line.includes("elsewhere")));
  });

  test("no error names the token", async () => {
    answers = [dropping];
    await assert.rejects(api.call(call()), (error: Error) => {
      assert.ok(!`${error.stack}${JSON.stringify(error)}${(error.cause as Error).stack}`.includes("ya29"));
      return true;
    });
  });
});
