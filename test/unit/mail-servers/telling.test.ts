import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CONNECTION_STATES, NEXT_STATES } from "../../../functions/domain/connection-states.ts";
import { editMailServer } from "../../../functions/domain/mail-servers/edit-mail-server.ts";
import type { Connection, MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { noteOnServer, saveServer } from "../../../functions/domain/mail-servers/save-server.ts";
import type { News } from "../../../functions/domain/news.ts";
import type { Versioned } from "../../../functions/domain/records.ts";
import { testClock } from "../../builders/clock.ts";
import { grant, mailServer, OPERATOR, validConnection } from "../../builders/mail-server.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const clock = testClock();
let store: ReturnType<typeof testStore>;
let told: News[];
let published: unknown[];
let topic: "open" | "down";
beforeEach(() => {
  store = testStore(clock);
  told = [];
  published = [];
  topic = "open";
});
afterEach(() => store.close());

const logged: string[] = [];
const note = (code: string): void => void logged.push(code);
const deps = () => ({
  records: store.records,
  clock,
  random: testRandom,
  log: { info: note, warn: note, error: note },
  tell: async ({ value }: { readonly value: { readonly news: News } }) => void told.push(value.news),
  publisher: {
    publish: async (_: string, { data }: { readonly data: unknown }) => {
      if (topic === "down") throw new Error("down");
      published.push(data);
    },
  },
});

const put = async (value: MailServer): Promise<Versioned<MailServer>> => {
  const outcome = await store.records.commit([{ op: "put", kind: "mailServers", id: "srv_a", value }]);
  assert.ok(outcome.done);
  return { id: "srv_a", value, version: outcome.versions[0] ?? "" };
};

const sinceMs = clock.nowMs();
const CONNECTIONS: { readonly [S in Connection["state"]]: Extract<Connection, { readonly state: S }> } = {
  not_connected: { state: "not_connected", reason: null },
  valid: { state: "valid", grant: grant() },
  expiring: { state: "expiring", grant: grant(), reason: "testing_7d", expiresAtMs: sinceMs, warning: "first" },
  error: { state: "error", grant: grant(), reason: "scope_missing", sinceMs },
  reconnect_required: { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs },
};

describe("saving a mail server", () => {
  for (const from of CONNECTION_STATES) {
    for (const to of NEXT_STATES[from]) {
      it(`from ${from} to ${to} announces what people must know, and releases mail that can leave again`, async () => {
        const before = await put(mailServer({ connection: CONNECTIONS[from] }));
        const saved = await saveServer(deps(), before, { value: { ...before.value, connection: CONNECTIONS[to] } });
        assert.ok(saved.done);
        const heard = told.map(({ kind }) => kind);
        if (from === "not_connected") assert.deepEqual(heard, ["connected"]);
        else if (to === "not_connected") assert.deepEqual(heard, ["disconnected"]);
        else assert.deepEqual(heard, to === "valid" ? [] : [to]);
        const sends = (state: string): boolean => state === "valid" || state === "expiring";
        assert.deepEqual(published, sends(to) && !sends(from) ? [{ server: "srv_a" }] : []);
      });
    }
  }

  it("announces nothing and writes nothing after someone else's write", async () => {
    const before = await put(mailServer({ connection: validConnection() }));
    await put(mailServer({ connection: validConnection(), description: "newer" }));
    const value = { ...before.value, connection: CONNECTIONS.error };
    assert.equal((await saveServer(deps(), before, { value })).done, false);
    assert.equal(await noteOnServer(store.records, before, { active: false }), false);
    const kept = await store.records.get("mailServers", "srv_a");
    assert.deepEqual([told, published, kept?.value.description, kept?.value.active], [[], [], "newer", true]);
  });

  it("succeeds even if nothing can be published: the next tick finds what is held", async () => {
    topic = "down";
    const before = await put(mailServer({ connection: CONNECTIONS.error }));
    const saved = await saveServer(deps(), before, { value: { ...before.value, connection: CONNECTIONS.valid } });
    assert.ok(saved.done && logged.includes("dispatch_not_published"));
  });

  it("leaves a record of a later release unchanged", async () => {
    const later = { ...mailServer(), connection: { state: "paused_by_google" } } as unknown as MailServer;
    const before = await put(later);
    assert.equal(await noteOnServer(store.records, before, { nextCheckAtMs: 1 }), false);
    assert.deepEqual((await store.records.get("mailServers", "srv_a"))?.value, later);
  });
});

describe("an edit of a connected mail server", () => {
  const edit = (patch: unknown) => editMailServer(deps(), OPERATOR, { id: "srv_a", patch, ifMatch: null });

  it("alerts the operators when it takes the server out of use, and releases held mail when it restores it", async () => {
    await put(mailServer({ connection: validConnection() }));
    assert.ok((await edit({ username: "bob@example.com" })).ok);
    const [news, ...more] = told;
    assert.ok(news?.kind === "error" && news.reason === "account_mismatch" && more.length === 0, JSON.stringify(told));
    assert.deepEqual([news.server.id, published], ["srv_a", []]);
    assert.ok((await edit({ username: "ada@example.com" })).ok);
    assert.deepEqual([told.length, published], [1, [{ server: "srv_a" }]]);
  });

  it("releases held mail if it changes the limits or reactivates the server, and not otherwise", async () => {
    await put(mailServer({ connection: validConnection(), active: false }));
    const releases = async (patch: unknown): Promise<number> => {
      published = [];
      assert.ok((await edit(patch)).ok);
      return published.length;
    };
    assert.equal(await releases({ description: "x" }), 0);
    assert.equal(await releases({ active: true }), 1);
    assert.equal(await releases({ limits: { perMinute: 5, perDay: 100 } }), 1);
    assert.equal(await releases({ description: "y" }), 0);
    assert.equal(await releases({ active: false }), 0);
    assert.deepEqual(told, []);
  });
});

/** Files that may write a server in their own way: its creation, its deletion, and the one way for everything else. */
const WRITERS = ["create-mail-server.ts", "delete-mail-server.ts", "save-server.ts"];
const WRITES = /op: "(?:create|put|replace|delete)",\s*kind: "mailServers"|conditionalWrite\(\s*"mailServers"/;

describe("the code that writes a mail server", () => {
  it("is in one place, so that no writer can forget the announcement", () => {
    const domain = join(import.meta.dirname, "../../../functions/domain");
    const files = readdirSync(domain, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const writing = files.filter((name) => WRITES.test(readFileSync(join(domain, name), "utf8")));
    assert.deepEqual(writing.map((name) => name.split("/").at(-1)).toSorted(), WRITERS);
  });

  it("would be found anywhere else", () => {
    assert.match('commit([{ op: "replace", kind: "mailServers", id, version, value }])', WRITES);
    assert.match('commit([conditionalWrite("mailServers", server, value)])', WRITES);
    assert.match('commit([{\n  op: "put",\n  kind: "mailServers", id, value }])', WRITES);
  });
});
