import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Unavailable } from "../../../functions/domain/problem.ts";
import type { StoredSettings } from "../../../functions/domain/settings/settings.ts";
import { everyRoute } from "../../../functions/runtime/handlers/every-route.ts";
import { type Api, startApi } from "../../builders/api.ts";

const PAGE = { Accept: "text/html" };

// A caller of the test's API throws if an answer is not as the description says.
describe("The description of the API is true", () => {
  let api: Api;
  let away = false;
  before(async () => {
    const reach = async (): Promise<void> => {
      if (away) throw new Unavailable("reach the store", { cause: null });
    };
    api = await startApi(everyRoute, {}, ({ records }) => ({
      records: {
        get: (kind, id) => reach().then(() => records.get(kind, id)),
        query: (name, args, page) => reach().then(() => records.query(name, args, page)),
        commit: (writes, options) => reach().then(() => records.commit(writes, options)),
      },
    }));
  });
  after(() => api.close());

  it("of settings that a later release has written", async () => {
    const later = { ...({} as StoredSettings), recordVersion: 99 };
    await api.system.records.commit([{ op: "put", kind: "settings", id: "settings", value: later }]);
    const client = { clientId: "1-a.apps.googleusercontent.com", clientSecret: "GOCSPX-abc" };
    for (const answer of [
      await api.setup("PATCH", "/v1/settings", { body: { paused: true } }),
      await api.setup("PUT", "/v1/settings/gmail-credentials", { body: client }),
    ])
      assert.deepEqual([answer.status, (answer.body as { code: string }).code], [409, "newer_version"]);
  });

  it("of what a browser is shown instead of Google's consent", async () => {
    for (const [query, status] of [
      ["", 422],
      ["?server=srv_1", 404],
      ["?sign-in", 409],
    ] as const)
      for (const headers of [PAGE, { Accept: "application/json" }])
        assert.equal((await api.setup("GET", `/google_gmail/authorize${query}`, { headers })).status, status, query);
  });

  it("of a store that is away", async () => {
    away = true;
    for (const path of ["/google_gmail/confirm?state=x&code=y", "/google_gmail/authorize?sign-in", "/v1/doctor"])
      assert.equal((await api.setup("GET", path, { headers: { Cookie: "__session=x" } })).status, 503, path);
    away = false;
  });
});
