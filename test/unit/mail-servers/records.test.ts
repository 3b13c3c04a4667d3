import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Principal } from "../../../functions/domain/access/records.ts";
import { createMailServer } from "../../../functions/domain/mail-servers/create-mail-server.ts";
import { editMailServer } from "../../../functions/domain/mail-servers/edit-mail-server.ts";
import { kindOfAccount } from "../../../functions/domain/mail-servers/limits.ts";
import { listMailServers } from "../../../functions/domain/mail-servers/list-mail-servers.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { etagOf, mailServerView } from "../../../functions/domain/mail-servers/mail-server-view.ts";
import { serverNameId } from "../../../functions/domain/mail-servers/server-name.ts";
import type { Versioned } from "../../../functions/domain/records.ts";
import type { Result } from "../../../functions/domain/result.ts";
import { testClock } from "../../builders/clock.ts";
import { mailServer, memberOf, OPERATOR, SEND_ONLY, validConnection } from "../../builders/mail-server.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const clock = testClock();
let store: ReturnType<typeof testStore>;
beforeEach(() => {
  store = testStore(clock);
});
afterEach(() => store.close());

const silence = async (): Promise<void> => undefined;
const deps = () => ({
  records: store.records,
  clock,
  random: testRandom,
  tell: silence,
  publisher: { publish: silence },
  log: { info: () => {}, warn: () => {}, error: () => {} },
});
const create = (body: unknown, principal: Principal = OPERATOR) => createMailServer(deps(), principal, body);
const edit = (id: string, patch: unknown, more: { by?: Principal; ifMatch?: string } = {}) =>
  editMailServer(deps(), more.by ?? OPERATOR, { id, patch, ifMatch: more.ifMatch ?? null });

const must = <T>(result: Result<T>): T => {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
};
const codeOf = (result: Result<unknown>): string => (result.ok ? "none" : result.problem.code);
const pathsOf = (result: Result<unknown>): string[] => {
  assert.ok(!result.ok && result.problem.code === "invalid_request", JSON.stringify(result));
  return result.problem.fields.map(({ path }) => path).sort();
};
const put = async (id: string, value: MailServer): Promise<Versioned<MailServer>> => {
  const outcome = await store.records.commit([
    { op: "put", kind: "mailServers", id, value },
    { op: "put", kind: "serverNames", id: serverNameId(value.name), value: { serverId: id } },
  ]);
  assert.ok(outcome.done);
  return { id, value, version: outcome.versions[0] ?? "" };
};
const auditActions = async () => {
  const page = await store.records.query("auditNewest", {}, { limit: 50 });
  return page === "bad_cursor" ? [] : page.items.map(({ value }) => value.action);
};

const ADA = { name: "Facturation", username: "Ada@Example.com" };

test("a new server has its defaults, a folded address and no connection", async () => {
  const made = must(await create({ ...ADA, fromFilter: ["@Example.com", "Ada@example.com", "@example.com"] }));
  const { etag, id, createdAt, updatedAt, ...shown } = mailServerView(made, () => "");
  assert.match(id, /^srv_[\w-]{20}$/);
  assert.match(etag, /^[\w-]{22}$/);
  assert.equal(createdAt, updatedAt);
  assert.deepEqual(shown, {
    name: "Facturation",
    description: "",
    username: "ada@example.com",
    authentication: "gmail_oauth",
    transport: "smtp",
    fromFilter: ["@example.com", "ada@example.com"],
    priority: 10,
    active: true,
    shared: true,
    limits: { perMinute: 20, perDay: 2_000 },
    sendAsUnchecked: false,
    connection: {
      state: "not_connected",
      email: null,
      scopes: [],
      connectedAt: null,
      lastVerifiedAt: null,
      expiresAt: null,
      reason: null,
      advice: null,
    },
  });
  assert.deepEqual(await auditActions(), ["mail_server.create"]);
});

test("a gmail.com account is limited to 500 a day by default", async () => {
  const made = must(await create({ name: "Perso", username: "ada@gmail.com" }));
  assert.deepEqual(mailServerView(made, () => "").limits, { perMinute: 20, perDay: 500 });
  const raised = must(await edit(made.id, { limits: { perMinute: 5 } }));
  assert.deepEqual(mailServerView(raised, () => "").limits, { perMinute: 5, perDay: 500 });
  const reset = must(await edit(made.id, { limits: null }));
  assert.equal(reset.value.limits, null);
});

test("an account of its own domain belongs to Workspace, even if Google does not name the domain", () => {
  assert.equal(kindOfAccount("ada@gmail.com", null), "gmail");
  assert.equal(kindOfAccount("ada@corp.example", "corp.example"), "workspace");
  assert.equal(kindOfAccount("ada@corp.example", null), "workspace");
});

const REFUSED: readonly (readonly [body: unknown, paths: readonly string[]])[] = [
  [{}, ["/name", "/username"]],
  [[], [""]],
  ["text", [""]],
  [null, [""]],
  [{ ...ADA, id: "srv_1", connection: {}, colour: "red" }, ["/colour", "/connection", "/id"]],
  [{ ...ADA, username: "ada@example.com\r\nRCPT TO:<eve@example.com>" }, ["/username"]],
  [{ ...ADA, username: "ada" }, ["/username"]],
  [{ ...ADA, name: "a\r\nb" }, ["/name"]],
  [{ ...ADA, name: "   " }, ["/name"]],
  [{ ...ADA, name: "srv_ada" }, ["/name"]],
  [{ ...ADA, fromFilter: ["ok@example.com", "example.com", "@x\n"] }, ["/fromFilter/1", "/fromFilter/2"]],
  [
    { ...ADA, limits: { perMinute: 0, perDay: 1.5, perYear: 1 } },
    ["/limits/perDay", "/limits/perMinute", "/limits/perYear"],
  ],
  [
    { ...ADA, transport: "sendmail", authentication: "login", priority: -1, active: "yes" },
    ["/active", "/authentication", "/priority", "/transport"],
  ],
  [{ ...ADA, "a/b~c": 1 }, ["/a~1b~0c"]],
];

for (const [body, paths] of REFUSED) {
  test(`${JSON.stringify(body)} is refused at ${paths.join(" ") || "the top"}`, async () =>
    assert.deepEqual(pathsOf(await create(body)), paths));
}

test("names are unique whatever their case, form of accents and spaces, even if they are saved at once", async () => {
  const names = ["Étude  Un", "étude un", "E\u0301TUDE UN", " étude un "];
  const made = await Promise.all(names.map((name) => create({ name, username: "ada@example.com" })));
  assert.deepEqual(made.map(codeOf).sort(), ["name_taken", "name_taken", "name_taken", "none"]);
  assert.deepEqual(await auditActions(), ["mail_server.create"]);
});

test("a rename frees the old name and claims the new one", async () => {
  const one = must(await create({ ...ADA, name: "One" }));
  const two = must(await create({ ...ADA, name: "Two" }));
  assert.equal(codeOf(await edit(two.id, { name: "ONE" })), "name_taken");
  must(await edit(one.id, { name: "Three" }));
  must(await edit(two.id, { name: "one" }));
  assert.equal(must(await edit(two.id, { name: "One" })).value.name, "One", "only the case changes");
  assert.equal(codeOf(await create({ ...ADA, name: "two" })), "none", "the name before is free");
});

test("a patch replaces what it names; null resets a default, and is refused for a member without one", async () => {
  const { id } = must(await create({ ...ADA, description: "d", priority: 3, fromFilter: ["@example.com"] }));
  const patched = must(await edit(id, { priority: null, fromFilter: ["ada@example.com"] }));
  assert.equal(patched.value.priority, 10);
  assert.equal(patched.value.description, "d");
  assert.deepEqual(patched.value.fromFilter, ["ada@example.com"]);
  assert.deepEqual(pathsOf(await edit(id, { name: null, username: null })), ["/name", "/username"]);
  assert.deepEqual(pathsOf(await edit(id, { etag: null, colour: null, limits: { perYear: null } })), [
    "/colour",
    "/etag",
    "/limits/perYear",
  ]);
  assert.deepEqual(pathsOf(await edit(id, [])), [""]);
});

test("a patch that changes nothing writes nothing", async () => {
  const made = must(await create(ADA));
  clock.advance(1_000);
  assert.deepEqual(must(await edit(made.id, { name: "Facturation", fromFilter: [] })), made);
  assert.deepEqual(await auditActions(), ["mail_server.create"]);
});

test("If-Match accepts the present version and refuses a former one", async () => {
  const made = must(await create(ADA));
  const etag = etagOf(made);
  assert.equal(codeOf(await edit(made.id, { priority: 1 }, { ifMatch: '"other"' })), "stale");
  assert.equal(codeOf(await edit(made.id, { priority: 1 }, { ifMatch: `W/"${etag}"` })), "stale");
  const next = must(await edit(made.id, { priority: 1 }, { ifMatch: `"other", "${etag}"` }));
  assert.notEqual(etagOf(next), etag);
  assert.equal(codeOf(await edit(made.id, { priority: 2 }, { ifMatch: `"${etag}"` })), "stale");
  assert.equal(codeOf(await edit(made.id, { priority: 2 }, { ifMatch: "*" })), "none");
});

test("of two conditional patches at once one wins; of unconditional ones none is lost", async () => {
  const made = must(await create(ADA));
  const ifMatch = `"${etagOf(made)}"`;
  const both = await Promise.all([
    edit(made.id, { priority: 1 }, { ifMatch }),
    edit(made.id, { description: "two" }, { ifMatch }),
  ]);
  assert.deepEqual(both.map(codeOf).sort(), ["none", "stale"]);
  const patches = [{ priority: 4 }, { description: "five" }, { active: false }, { fromFilter: ["@example.com"] }];
  for (const result of await Promise.all(patches.map((patch) => edit(made.id, patch)))) must(result);
  const { value } = must(await edit(made.id, {}));
  assert.deepEqual(
    [value.priority, value.description, value.active, value.fromFilter],
    [4, "five", false, ["@example.com"]],
  );
});

test("the etag is the same in both languages", async () => {
  const server = await put(
    "srv_a",
    mailServer({ connection: { state: "not_connected", reason: "disconnected_by_operator" } }),
  );
  const [fr, en] = [mailServerView(server, () => "Reconnectez."), mailServerView(server, () => "Reconnect.")];
  assert.equal(fr.etag, en.etag);
  assert.equal(fr.connection.advice, "Reconnectez.");
});

test("members see, edit and list only their own servers, and create none", async () => {
  const own = await put("srv_ada", mailServer({ name: "Ada" }));
  const other = await put("srv_eve", mailServer({ name: "Eve", username: "eve@example.com" }));
  const by = memberOf("ada@example.com");
  assert.equal(codeOf(await create({ ...ADA, name: "New" }, by)), "forbidden");
  assert.equal(codeOf(await edit(other.id, { priority: 1 }, { by })), "not_found");
  assert.equal(
    codeOf(await edit(other.id, { colour: 1 }, { by })),
    "not_found",
    "not even what is wrong with the patch",
  );
  assert.equal(codeOf(await edit(own.id, { username: "eve@example.com" }, { by })), "forbidden");
  assert.equal(must(await edit(own.id, { description: "mine" }, { by })).value.description, "mine");
  const page = must(await listMailServers(store.records, by, { limit: 50, cursor: null }));
  assert.ok(page !== "bad_cursor");
  assert.deepEqual(
    page.items.map(({ id }) => id),
    ["srv_ada"],
  );
});

const key = (servers: readonly string[], permissions: readonly ("read" | "send")[]): Principal => ({
  kind: "key",
  id: "k",
  name: "k",
  servers,
  permissions,
});

test("a key lists the servers it names, page by page, and none without `read`", async () => {
  for (const [at, name] of ["a", "b", "c", "d"].entries()) {
    await put(`srv_${name}`, mailServer({ name, createdAtMs: at }));
  }
  const list = async (principal: Principal, cursor: string | null = null, limit = 2) => {
    const page = await listMailServers(store.records, principal, { limit, cursor });
    if (!page.ok) return page.problem.code;
    return page.value === "bad_cursor"
      ? page.value
      : { ids: page.value.items.map(({ id }) => id), next: page.value.next };
  };
  const some = key(["srv_d", "srv_a", "srv_c", "srv_gone"], ["read"]);
  assert.deepEqual(await list(some), { ids: ["srv_a", "srv_c"], next: "srv_c" });
  assert.deepEqual(await list(some, "srv_c"), { ids: ["srv_d"], next: null });
  assert.equal(await list(some, "srv_b"), "bad_cursor");
  assert.deepEqual(await list(key([], ["read"]), null, 9), { ids: ["srv_a", "srv_b", "srv_c", "srv_d"], next: null });
  assert.equal(await list(key([], ["send"])), "forbidden");
});

test("a connected server with a new username keeps its grant but is in error until the username is restored", async () => {
  const { id } = await put("srv_a", mailServer({ connection: validConnection() }));
  const moved = must(await edit(id, { username: "eve@example.com" })).value;
  assert.equal(moved.connection.state === "error" && moved.connection.reason, "account_mismatch");
  assert.equal(moved.accountSub, "100000000000000000001");
  const back = must(await edit(id, { username: "ada@example.com" })).value;
  assert.deepEqual(back.connection, validConnection());
  assert.equal(back.nextCheckAtMs, clock.nowMs(), "to be proven at the next tick");
});

test("SMTP with a grant for the API's send scope alone is in error; the API with full access to mail is not", async () => {
  const { id } = await put(
    "srv_a",
    mailServer({ transport: "gmail_api", connection: validConnection({ scopes: ["openid", SEND_ONLY] }) }),
  );
  const smtp = must(await edit(id, { transport: "smtp" })).value;
  assert.equal(smtp.connection.state === "error" && smtp.connection.reason, "scope_missing");
  const full = await put("srv_b", mailServer({ name: "B", connection: validConnection() }));
  assert.equal(must(await edit(full.id, { transport: "gmail_api" })).value.connection.state, "valid");
});

test("a dead grant stays dead whatever is edited", async () => {
  const connection = { ...validConnection(), state: "reconnect_required", reason: "testing_7d", sinceMs: 1 } as const;
  const { grant } = validConnection() as Extract<MailServer["connection"], { state: "valid" }>;
  const { id } = await put("srv_a", mailServer({ connection: { ...connection, grant } }));
  assert.equal(must(await edit(id, { username: "eve@example.com" })).value.connection.state, "reconnect_required");
});

test("servers created within one millisecond keep their order, oldest first, and the audit lists newest first", async () => {
  const names = Array.from({ length: 12 }, (_, n) => `Server ${n}`);
  for (const name of names) must(await create({ name, username: "ada@example.com" }));
  const list = await store.records.query("serversByAge", {}, { limit: 50 });
  const audit = await store.records.query("auditNewest", {}, { limit: 50 });
  assert.ok(list !== "bad_cursor" && audit !== "bad_cursor");
  assert.deepEqual(
    list.items.map(({ value }) => value.name),
    names,
  );
  assert.deepEqual(
    audit.items.map(({ value }) => value.detail.name),
    names.toReversed(),
  );
});
