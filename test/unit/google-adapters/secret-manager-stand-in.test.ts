import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type SecretManagerStandIn, startSecretManagerStandIn } from "../../builders/secret-manager-stand-in.ts";

interface Answer {
  readonly status: number;
  readonly body: { readonly [name: string]: unknown; readonly error?: { readonly status: string } };
}

describe("the stand-in for Secret Manager", () => {
  let standIn: SecretManagerStandIn;
  beforeEach(async () => {
    standIn = await startSecretManagerStandIn();
  });
  afterEach(() => standIn.close());
  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`http://${standIn.host}/v1/projects/p/${path}`, {
      method,
      headers: { authorization: "Bearer any" },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  };
  const create = (id: string) => ask("POST", `secrets?secretId=${id}`, { replication: { automatic: {} } });
  const add = (id: string, text: string) =>
    ask("POST", `secrets/${id}:addVersion`, { payload: { data: Buffer.from(text).toString("base64") } });
  const refused = (answer: Answer, status: number, name: string) => {
    assert.equal(answer.status, status);
    assert.equal(answer.body.error?.status, name);
  };

  test("numbers versions from 1, and gives access by number or as the latest", async () => {
    assert.equal((await create("s")).body.name, "projects/p/secrets/s");
    assert.equal((await add("s", "one")).body.name, "projects/p/secrets/s/versions/1");
    await add("s", "two");
    const first = await ask("GET", "secrets/s/versions/1:access");
    assert.deepEqual(first.body, { name: "projects/p/secrets/s/versions/1", payload: { data: btoa("one") } });
    const latest = await ask("GET", "secrets/s/versions/latest:access");
    assert.deepEqual(latest.body.payload, { data: btoa("two") });
  });

  test("creates a secret once, with a legal id and a replication", async () => {
    await create("s");
    refused(await create("s"), 409, "ALREADY_EXISTS");
    for (const id of ["", "a.b", "a%20b", "x".repeat(256)]) refused(await create(id), 400, "INVALID_ARGUMENT");
    refused(await ask("POST", "secrets?secretId=t", {}), 400, "INVALID_ARGUMENT");
  });

  test("answers NOT_FOUND for what does not exist", async () => {
    refused(await add("none", "x"), 404, "NOT_FOUND");
    refused(await ask("GET", "secrets/none/versions"), 404, "NOT_FOUND");
    await create("s");
    refused(await ask("GET", "secrets/s/versions/1:access"), 404, "NOT_FOUND");
    refused(await ask("GET", "secrets/s/versions/latest:access"), 404, "NOT_FOUND");
    refused(await ask("GET", "nothing"), 404, "NOT_FOUND");
  });

  test("gives no access to a destroyed or disabled version; a destroyed one stays so", async () => {
    await create("s");
    await add("s", "one");
    await ask("POST", "secrets/s/versions/1:disable", {});
    refused(await ask("GET", "secrets/s/versions/1:access"), 400, "FAILED_PRECONDITION");
    await ask("POST", "secrets/s/versions/1:enable", {});
    assert.equal((await ask("GET", "secrets/s/versions/1:access")).status, 200);
    assert.equal((await ask("POST", "secrets/s/versions/1:destroy", {})).body.state, "DESTROYED");
    refused(await ask("GET", "secrets/s/versions/1:access"), 400, "FAILED_PRECONDITION");
    refused(await ask("POST", "secrets/s/versions/1:enable", {}), 400, "FAILED_PRECONDITION");
    assert.equal((await add("s", "two")).body.name, "projects/p/secrets/s/versions/2", "its number is not used again");
  });

  test("lists versions newest first, by state and by page", async () => {
    await create("s");
    for (const text of ["one", "two", "three"]) await add("s", text);
    await ask("POST", "secrets/s/versions/2:destroy", {});
    const names = (answer: Answer) =>
      (answer.body.versions as { name: string }[]).map(({ name }) => name.split("/").at(-1));
    assert.deepEqual(names(await ask("GET", "secrets/s/versions")), ["3", "2", "1"]);
    const page = await ask("GET", "secrets/s/versions?filter=state:ENABLED&pageSize=1");
    assert.deepEqual(names(page), ["3"]);
    const next = await ask(
      "GET",
      `secrets/s/versions?filter=state:ENABLED&pageSize=1&pageToken=${page.body.nextPageToken}`,
    );
    assert.deepEqual(names(next), ["1"]);
    assert.equal(next.body.nextPageToken, undefined);
  });

  test("starts from 1 again if a deleted secret is created again", async () => {
    await create("s");
    await add("s", "one");
    assert.equal((await ask("DELETE", "secrets/s")).status, 200);
    refused(await ask("GET", "secrets/s"), 404, "NOT_FOUND");
    await create("s");
    assert.equal((await add("s", "x")).body.name, "projects/p/secrets/s/versions/1");
  });

  test("refuses bad JSON, bad base64, and a payload over 64 KiB", async () => {
    await create("s");
    refused(await ask("POST", "secrets/s:addVersion", "{"), 400, "INVALID_ARGUMENT");
    refused(await ask("POST", "secrets/s:addVersion", { payload: { data: "*" } }), 400, "INVALID_ARGUMENT");
    refused(await ask("POST", "secrets/s:addVersion", {}), 400, "INVALID_ARGUMENT");
    refused(await add("s", "x".repeat(65_537)), 400, "INVALID_ARGUMENT");
  });

  test("makes a planned refusal once", async () => {
    standIn.refuseNext(503, "UNAVAILABLE");
    refused(await create("s"), 503, "UNAVAILABLE");
    assert.equal((await create("s")).status, 200);
  });
});
