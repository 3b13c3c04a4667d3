import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Principal } from "../../../functions/domain/access/records.ts";
import { listMailServers } from "../../../functions/domain/mail-servers/list-mail-servers.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import {
  idsInReach,
  isIdInReach,
  isInReach,
  reachesAll,
  serversInReach,
  visibleServer,
} from "../../../functions/domain/mail-servers/server-access.ts";
import type { Versioned } from "../../../functions/domain/records.ts";
import { mailServer, memberOf, OPERATOR } from "../../builders/mail-server.ts";
import { testStore } from "../../builders/store.ts";

const store = testStore();
const { records } = store;
const servers: Versioned<MailServer>[] = [];
before(async () => {
  const usernames = ["ada@example.com", "Ada.L@gmail.com", "bob@example.com"];
  for (const [at, username] of usernames.entries()) {
    const [id, value] = [`srv_${at}`, mailServer({ username, createdAtMs: at })];
    const outcome = await records.commit([{ op: "create", kind: "mailServers", id, value }]);
    servers.push({ id, value, version: outcome.done ? (outcome.versions[0] ?? "") : "" });
  }
});
after(() => store.close());

const key = (ids: readonly string[]): Principal => ({ kind: "key", id: "k", name: "k", servers: ids, permissions: [] });
const EVERYBODY: readonly (readonly [who: string, principal: Principal, reach: readonly string[] | "all"])[] = [
  ["an operator", OPERATOR, "all"],
  ["the setup token", { kind: "setup" }, "all"],
  ["a caller", { kind: "caller", email: "bot@p.iam.gserviceaccount.com" }, "all"],
  ["the topic", { kind: "topic" }, "all"],
  ["Relais itself", { kind: "relais" }, "all"],
  ["a key for all", key([]), "all"],
  ["a key for some, of which one is gone", key(["srv_2", "srv_gone", "srv_2"]), ["srv_2"]],
  ["a key for what is no id", key(["../x", "srv_", "__a__"]), []],
  ["a member", memberOf("ada@example.com"), ["srv_0"]],
  ["a member whose mailbox has many spellings", memberOf("adal@gmail.com"), ["srv_1"]],
  ["a member without a server", memberOf("eve@example.com"), []],
];

describe("the servers that someone may send through, and whose messages they may see", () => {
  for (const [who, principal, reach] of EVERYBODY) {
    it(`are the same for ${who}, whichever function is asked`, async () => {
      const expected = reach === "all" ? servers.map(({ id }) => id) : reach;
      assert.equal(reachesAll(principal), reach === "all");
      const found = (await serversInReach(records, principal)).map(({ id }) => id);
      assert.deepEqual(found, expected);
      for (const server of servers) {
        assert.equal(isInReach(principal, server), expected.includes(server.id), server.id);
        assert.equal(await isIdInReach(records, principal, server.id), expected.includes(server.id), server.id);
      }
      const ids = await idsInReach(records, principal);
      assert.deepEqual(
        ids && servers.filter(({ id }) => ids.has(id)).map(({ id }) => id),
        reach === "all" ? null : reach,
      );
    });

    it(`are the ones that ${who} can list and read, if they may list or read servers`, async () => {
      const listed = await listMailServers(records, principal, { limit: 10, cursor: null });
      const may = !["topic", "relais", "key"].includes(principal.kind);
      assert.equal(listed.ok, may);
      if (listed.ok && listed.value !== "bad_cursor") {
        assert.deepEqual(
          listed.value.items.map(({ id }) => id),
          reach === "all" ? servers.map(({ id }) => id) : reach,
        );
      }
      const people = ["operator", "setup", "member"].includes(principal.kind);
      for (const { id } of servers) {
        const seen = await visibleServer(records, principal, id);
        assert.equal(seen.ok, people && (reach === "all" || reach.includes(id)), id);
      }
    });
  }

  it("include a deleted server if a key's list names it, but a deleted server belongs to nobody", async () => {
    assert.equal(await isIdInReach(records, key(["srv_gone"]), "srv_gone"), true);
    assert.equal(await isIdInReach(records, memberOf("ada@example.com"), "srv_gone"), false);
    assert.equal(await isIdInReach(records, OPERATOR, "srv_gone"), true);
  });
});
