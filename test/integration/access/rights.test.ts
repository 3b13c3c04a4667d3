import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Identity } from "../../../functions/domain/google/tokens.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { serverNameId } from "../../../functions/domain/mail-servers/server-name.ts";
import { everyRoute } from "../../../functions/runtime/handlers/every-route.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { type Answer, type Api, type Caller, startApi } from "../../builders/api.ts";
import { mailServer, validConnection } from "../../builders/mail-server.ts";

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;
const json = ({ body }: Answer): Json => (isJson(body) ? body : {});
const said = (answer: Answer): string => `${answer.status} ${String(json(answer).code ?? "")}`.trim();
const fieldsOf = (answer: Answer): unknown[] => {
  const { fields } = json(answer);
  return Array.isArray(fields) ? fields.filter(isJson).map(({ path }) => path) : [];
};

/** An ID token of the one listed caller, as the stand-in for Google's signature reads it. */
const CALLER_TOKEN = "aaaa.bbbb.cccc";
const CALLER: Identity = { sub: "1", email: "erp@project.iam.gserviceaccount.com", hostedDomain: null };

/** Who calls. `owner` is the member whose server is named; the others have nothing to do with it. */
const ROLES = [
  "setup token",
  "setup session",
  "operator",
  "owner",
  "other member",
  "key",
  "key of another server",
  "key for sending",
  "caller",
  "stranger",
  "nobody",
] as const;
type Role = (typeof ROLES)[number];

const OPERATORS: readonly Role[] = ["setup token", "setup session", "operator"];
const PEOPLE: readonly Role[] = [...OPERATORS, "owner", "other member"];
const PROGRAMS: readonly Role[] = ["key", "key of another server", "key for sending", "caller"];

let api: Api;
let as: Readonly<Record<Role, Caller>>;

/** The server of ada@example.com, which is not shared, the one that programs may use, and that of another member. */
const SHARED = "srv_shared";
const OWN = "srv_own";
const OTHER = "srv_other";
const connected = (username: string, changes: Partial<MailServer>): MailServer =>
  mailServer({ username, connection: validConnection({ email: username, sub: username }), ...changes });
const SERVERS: Readonly<Record<string, MailServer>> = {
  [SHARED]: connected("office@example.com", {
    name: "Office",
    fromFilter: ["@example.com"],
    priority: 10,
    connection: validConnection({
      email: "office@example.com",
      sub: "office",
      sendAs: { addresses: ["ada@example.com", "team@example.com"], readAtMs: 0 },
    }),
  }),
  [OWN]: connected("ada@example.com", { name: "Ada", shared: false, priority: 20, createdAtMs: 1 }),
  [OTHER]: connected("grace@example.com", { name: "Grace", shared: true, priority: 30 }),
};

const putServers = async (): Promise<void> => {
  for (const [id, value] of Object.entries(SERVERS)) {
    const { records } = api.system;
    const now = await records.get("mailServers", id);
    const stale = now === undefined ? [] : [serverNameId(now.value.name)];
    for (const name of stale) await records.commit([{ op: "delete", kind: "serverNames", id: name }]);
    await records.commit([
      { op: "put", kind: "mailServers", id, value },
      { op: "put", kind: "serverNames", id: serverNameId(value.name), value: { serverId: id } },
    ]);
  }
};

const send = (by: Caller, mail: Json): Promise<Answer> =>
  by("POST", "/v1/messages", { body: { to: "b@example.org", subject: "s", text: "t", dryRun: true, ...mail } });

before(async () => {
  const oauth = (system: System): Partial<System> => ({
    oauth: {
      ...system.oauth,
      identify: async (token) =>
        token === CALLER_TOKEN ? { ok: true, identity: CALLER } : { ok: false, reason: "unproven", detail: "test" },
    },
    announce: async () => undefined,
    publisher: { publish: async () => undefined },
  });
  api = await startApi(everyRoute, { RELAIS_CALLERS: CALLER.email }, oauth);
  await putServers();
  const key = async (body: Json): Promise<Caller> => {
    const made = await api.setup("POST", "/v1/keys", { body: { name: "k", permissions: ["send", "read"], ...body } });
    return api.bearer(String(json(made).key));
  };
  const session = await api.nobody("POST", "/v1/session", {
    body: { setupToken: api.system.config.setupToken?.reveal() },
  });
  const cookie = session.headers.get("set-cookie")?.split(";")[0] ?? "";
  as = {
    "setup token": api.setup,
    "setup session": (method, path, asked = {}) =>
      api.nobody(method, path, { ...asked, headers: { Cookie: cookie, "Sec-Fetch-Site": "same-origin" } }),
    operator: await api.person("olga@example.com"),
    owner: await api.person("ada@example.com"),
    "other member": await api.person("grace@example.com"),
    key: await key({}),
    "key of another server": await key({ servers: [SHARED] }),
    "key for sending": await key({ permissions: ["send"] }),
    caller: api.bearer(CALLER_TOKEN),
    stranger: await api.person("eve@elsewhere.example"),
    nobody: api.nobody,
  };
});
after(() => api.close());

/** `yes`: the caller is admitted; what the request leads to is tested elsewhere. */
type Expected = Readonly<Partial<Record<Role, string>>>;
const everyone = (roles: readonly Role[], said: string): Expected =>
  Object.fromEntries(roles.map((role) => [role, said]));

const ANYONE = everyone(ROLES, "yes");
const NO_ONE = { ...everyone(ROLES, "403 forbidden"), ...everyone(["stranger", "nobody"], "401 unauthenticated") };
const OPERATORS_ONLY = { ...NO_ONE, ...everyone(OPERATORS, "yes") };
const ANY_PERSON = { ...NO_ONE, ...everyone(PEOPLE, "yes") };
const ANY_CALLER = { ...ANY_PERSON, ...everyone(PROGRAMS, "yes") };
/** About ada's server: operators and ada. */
const OF_OWNER = { ...ANY_PERSON, "other member": "404 not_found" };
const OF_OPERATORS = { ...OF_OWNER, owner: "403 forbidden" };
const READERS = { ...ANY_CALLER, "key for sending": "403 forbidden" };
/** About ada's message: whoever may send or read through her server. */
const OF_MESSAGE = { ...OF_OWNER, key: "yes", "key of another server": "403 server_not_allowed", caller: "yes" };
const SENDERS = { ...OF_MESSAGE, "key for sending": "yes" };

/** Every route of every function for people and programs, asked about ada's server and one of her messages. */
const PATHS: Readonly<Record<string, Expected>> = {
  "GET /google_gmail/authorize": ANYONE,
  "GET /google_gmail/confirm": ANYONE,
  "POST /google_gmail/security-events": ANYONE,
  "GET /v1/mail-servers": READERS,
  "POST /v1/mail-servers": { ...OPERATORS_ONLY },
  "GET /v1/mail-servers/:id": OF_OWNER,
  "GET /v1/mail-servers/:id/usage": OF_OWNER,
  "PATCH /v1/mail-servers/:id": OF_OWNER,
  "DELETE /v1/mail-servers/:id": OF_OPERATORS,
  "POST /v1/mail-servers/:id/test": OF_OWNER,
  "POST /v1/mail-servers/:id/disconnect": OF_OWNER,
  "GET /v1/settings": OPERATORS_ONLY,
  "PATCH /v1/settings": OPERATORS_ONLY,
  "GET /v1/settings/gmail-credentials": OPERATORS_ONLY,
  "PUT /v1/settings/gmail-credentials": OPERATORS_ONLY,
  "GET /v1/keys": OPERATORS_ONLY,
  "POST /v1/keys": OPERATORS_ONLY,
  "DELETE /v1/keys/:id": OPERATORS_ONLY,
  "POST /v1/session": ANYONE,
  "GET /v1/session": ANY_CALLER,
  "DELETE /v1/session": ANY_PERSON,
  "GET /v1/sessions": OPERATORS_ONLY,
  "DELETE /v1/sessions": OPERATORS_ONLY,
  "GET /v1/audit": OPERATORS_ONLY,
  "GET /v1/stats": ANY_PERSON,
  "GET /v1/doctor": OPERATORS_ONLY,
  "POST /v1/messages": SENDERS,
  "POST /v1/messages/batch": ANY_CALLER,
  "GET /v1/messages": READERS,
  "GET /v1/messages/:id": { ...OF_MESSAGE, "key for sending": "403 forbidden" },
  "GET /v1/messages/:id/content": OF_OWNER,
  "PATCH /v1/messages/:id": { ...OF_MESSAGE, "key for sending": "403 forbidden" },
  "POST /v1/messages/:id/cancel": { ...OF_MESSAGE, "key for sending": "403 forbidden" },
  "POST /v1/messages/:id/retry": { ...OF_MESSAGE, "key for sending": "403 forbidden" },
  "POST /v1/messages/:id/resolve": { ...OF_MESSAGE, "key for sending": "403 forbidden" },
  // The message is the setup token's, and programs may only do this with what they sent themselves.
  "POST /v1/messages/:id/resend": { ...OF_OWNER, "key of another server": "403 server_not_allowed" },
};

const REFUSALS = [
  "401 unauthenticated",
  "403 forbidden",
  "403 server_not_allowed",
  "403 not_admitted",
  "404 not_found",
];

const LATER = "2099-01-01T00:00:00Z";
const BODIES: Json = {
  "POST /v1/messages": { server: OWN, to: "b@example.org", text: "t", scheduledAt: LATER },
  "PATCH /v1/messages/:id": { scheduledAt: LATER },
  "POST /v1/messages/:id/cancel": {},
  "POST /v1/messages/:id/retry": {},
  "POST /v1/messages/:id/resolve": { as: "failed" },
  "POST /v1/messages/:id/resend": { to: "grace@example.org" },
};

/** Where a body would change something for the next role, it is one that is refused after the role was admitted. */
const bodyOf = (route: string): unknown =>
  /^(GET|DELETE) /.test(route) ? undefined : (BODIES[route] ?? (route.endsWith("/disconnect") ? { no: 1 } : {}));

describe("the rights of each role", () => {
  it("are listed here for every route", () => {
    const known = everyRoute(api.system).map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(known.toSorted(), Object.keys(PATHS).toSorted());
  });

  for (const [route, expected] of Object.entries(PATHS)) {
    // Deleting the server or the session would end it for the roles that follow.
    const roles = ROLES.filter(
      (role) => expected[role] !== "yes" || !/^DELETE \/v1\/(mail-servers|session)/.test(route),
    );
    it(`${route}: ${roles.map((role) => `${role} ${expected[role]}`).join(", ")}`, async () => {
      const [method = "", path = ""] = route.split(" ");
      const mail = await send(api.setup, { server: OWN, dryRun: false, scheduledAt: LATER });
      const id = path.startsWith("/v1/messages") ? String(json(mail).id) : OWN;
      const body = bodyOf(route);
      for (const role of roles) {
        const answer = await as[role](method, path.replace(":id", id), body === undefined ? {} : { body });
        const found = REFUSALS.includes(said(answer)) ? said(answer) : "yes";
        // An unknown key is reported as not found to those who may look, and a session that is not opened as
        // unauthenticated.
        const letIn = expected[role] === "yes" && /keys\/:id|POST \/v1\/session/.test(route);
        if (!letIn) assert.equal(found, expected[role], `${role}: ${JSON.stringify(answer.body)}`);
      }
    });
  }
});

/**
 * Another value for each member of the record as it is shown, so that a member that is added later is tested as well.
 */
const OTHER_VALUES: Json = {
  id: SHARED,
  username: "office@example.com",
  authentication: "gmail_api_key",
  transport: "gmail_api",
  fromFilter: ["@example.com", "office@example.com"],
  priority: 0,
  shared: true,
  sendAsUnchecked: true,
  connection: { state: "valid", email: "office@example.com" },
  createdAt: "2000-01-01T00:00:00.000Z",
  updatedAt: "2000-01-01T00:00:00.000Z",
  etag: "x",
};
const OPEN = ["name", "description", "active", "limits"];

/** Which server a program's mail uses, in whatever way the program chooses it or leaves it out. */
const ways: readonly Json[] = [
  {},
  { from: "office@example.com" },
  { from: "ada@example.com" },
  { from: "team@example.com" },
  { from: "grace@example.com" },
  { server: "Office" },
  { server: "office@example.com" },
  { server: SHARED },
  { server: "srv_gone" },
  { server: "Gone" },
  { server: "Grace", from: "grace@example.com" },
];
const routesOfMail = async (): Promise<readonly unknown[]> => {
  const found: unknown[] = [];
  for (const role of ["key", "caller", "operator"] as const) {
    for (const way of ways) {
      const answer = await send(as[role], way);
      found.push([role, way, answer.status, json(answer).server ?? json(answer).code]);
    }
  }
  return found;
};

describe("a member, and the mail of others", () => {
  before(putServers);

  it("an unshared server is used only by its own member, and by programs that name it", async () => {
    const given = async (role: Role, mail: Json) => {
      const answer = await send(as[role], mail);
      const [problem] = Array.isArray(json(answer).problems) ? (json(answer).problems as Json[]) : [];
      return json(answer).server ?? problem?.code ?? said(answer);
    };
    assert.equal(await given("owner", {}), OWN);
    for (const role of ["key", "caller", "operator"] as const) {
      assert.equal(await given(role, {}), SHARED, role);
      assert.equal(await given(role, { from: "ada@example.com" }), SHARED, "a shared server that may send so");
      assert.equal(await given(role, { server: OWN }), OWN, role);
      assert.equal(await given(role, { server: "ada@example.com" }), OWN, "by its username");
      assert.equal(await given(role, { server: "ADA" }), OWN, "by its name");
    }
    await api.setup("PATCH", `/v1/mail-servers/${SHARED}`, { body: { shared: false } });
    await api.setup("PATCH", `/v1/mail-servers/${OTHER}`, { body: { shared: false } });
    assert.equal(await given("key", {}), "server_unavailable");
    assert.equal(await given("key", { from: "ada@example.com" }), "from_not_allowed");
    assert.match(JSON.stringify((await send(as.key, {})).body), /No shared mail server/);
    await putServers();
  });

  it("every member of the record is either on the list or forbidden to its owner, with the field named, alone or beside others", async () => {
    const shown = Object.keys(json(await as.owner("GET", `/v1/mail-servers/${OWN}`)));
    const before = await routesOfMail();
    for (const member of shown) {
      if (OPEN.includes(member)) continue;
      assert.ok(Object.hasOwn(OTHER_VALUES, member), `${member} needs a value in this test`);
      for (const value of [OTHER_VALUES[member], null, SERVERS[OWN]?.[member as keyof MailServer], "", [], {}, 5]) {
        if (value === undefined) continue;
        for (const beside of [{}, { description: "mine" }, { colour: "red" }, { name: "" }]) {
          const answer = await as.owner("PATCH", `/v1/mail-servers/${OWN}`, { body: { ...beside, [member]: value } });
          assert.equal(said(answer), "403 forbidden", `${member}: ${JSON.stringify(value)}`);
          assert.deepEqual(fieldsOf(answer), [`/${member}`]);
        }
      }
    }
    const all = await as.owner("PATCH", `/v1/mail-servers/${OWN}`, { body: OTHER_VALUES });
    assert.deepEqual(
      fieldsOf(all).toSorted(),
      Object.keys(OTHER_VALUES)
        .map((name) => `/${name}`)
        .toSorted(),
    );
    assert.deepEqual((await api.system.records.get("mailServers", OWN))?.value, SERVERS[OWN], "nothing was written");
    assert.deepEqual(await routesOfMail(), before);
  });

  it("what is on the list may be changed, limits only downwards, and redirects no mail", async () => {
    const before = await routesOfMail();
    const patch = (body: Json) => as.owner("PATCH", `/v1/mail-servers/${OWN}`, { body });
    assert.equal((await patch({ name: "Mine", description: "d", active: false })).status, 200);
    assert.equal((await patch({ active: true })).status, 200);
    assert.equal((await patch({ limits: { perMinute: 10, perDay: 100 } })).status, 200);
    assert.equal((await patch({ limits: { perDay: 50 } })).status, 200);
    for (const [limits, fields] of [
      [{ perDay: 51 }, ["/limits/perDay"]],
      [{ perMinute: 11, perDay: 49 }, ["/limits/perMinute"]],
      [{ perMinute: 10_000, perDay: 1_000_000 }, ["/limits/perMinute", "/limits/perDay"]],
      [null, ["/limits/perMinute", "/limits/perDay"]],
      [{ perDay: null }, ["/limits/perDay"]],
    ] as const) {
      const answer = await patch({ limits });
      assert.equal(said(answer), "403 forbidden", JSON.stringify(limits));
      assert.deepEqual(fieldsOf(answer), fields);
    }
    assert.deepEqual(json(await as.owner("GET", `/v1/mail-servers/${OWN}`)).limits, { perMinute: 10, perDay: 50 });
    assert.deepEqual(await routesOfMail(), before);
    await putServers();
  });

  it("no name makes a member's server stand for another, or for one that is gone", async () => {
    const before = await routesOfMail();
    for (const name of ["Office", "OFFICE ", "ｏｆｆｉｃｅ"]) {
      assert.equal(
        said(await as.owner("PATCH", `/v1/mail-servers/${OWN}`, { body: { name } })),
        "409 name_taken",
        name,
      );
    }
    const misleading = ["office@example.com", "Grace@Example.com", "nobody@example.org", "office＠example.com"];
    for (const name of [...misleading, "srv_gone", "SRV_gone", "ｓｒｖ_gone", SHARED]) {
      const answer = await as.owner("PATCH", `/v1/mail-servers/${OWN}`, { body: { name } });
      assert.equal(said(answer), "422 invalid_request", name);
      assert.deepEqual(fieldsOf(answer), ["/name"]);
    }
    assert.deepEqual(await routesOfMail(), before);
    const own = await as.owner("PATCH", `/v1/mail-servers/${OWN}`, { body: { name: "ada@example.com" } });
    assert.equal(own.status, 200, "their own address is no other's");
    await putServers();
  });

  it("a name that an operator took from a server does not pass to a member, and programs may still send by it", async () => {
    const made = await api.setup("POST", "/v1/mail-servers", { body: { name: "Payroll", username: "x@example.com" } });
    await api.setup("PATCH", `/v1/mail-servers/${SHARED}`, { body: { name: "Office 2" } });
    assert.equal((await api.setup("DELETE", `/v1/mail-servers/${json(made).id}`)).status, 204);
    const before = await routesOfMail();
    for (const name of ["Office", "office", "Payroll"]) {
      assert.equal(
        said(await as.owner("PATCH", `/v1/mail-servers/${OWN}`, { body: { name } })),
        "409 name_taken",
        name,
      );
      assert.equal(said(await send(as.key, { server: name, dryRun: false })), "422 invalid_request", "nobody has it");
    }
    assert.deepEqual(await routesOfMail(), before);
    assert.equal((await as.owner("PATCH", `/v1/mail-servers/${OWN}`, { body: { name: "Mine" } })).status, 200);
    assert.equal(
      (await as.owner("PATCH", `/v1/mail-servers/${OWN}`, { body: { name: "Ada" } })).status,
      200,
      "one's own",
    );
    for (const name of ["Payroll", "Office"]) {
      assert.equal(
        (await api.setup("PATCH", `/v1/mail-servers/${OTHER}`, { body: { name } })).status,
        200,
        "an operator may",
      );
    }
    const body = { name: "Payroll", username: "x@example.com" };
    const again = await api.setup("POST", "/v1/mail-servers", { body });
    assert.equal(again.status, 201);
    assert.equal(said(await api.setup("POST", "/v1/mail-servers", { body })), "409 name_taken");
    await api.setup("DELETE", `/v1/mail-servers/${json(again).id}`);
    await putServers();
  });

  it("another's record does not exist for a member, whatever they try, and they can create none", async () => {
    const { etag: _, ...before } = json(await api.setup("GET", `/v1/mail-servers/${SHARED}`));
    for (const id of [SHARED, OTHER]) {
      for (const body of [{}, { name: "x" }, { priority: 0 }, { colour: 1 }, []]) {
        assert.equal(said(await as.owner("PATCH", `/v1/mail-servers/${id}`, { body })), "404 not_found");
      }
      for (const server of [id, SERVERS[id]?.name, SERVERS[id]?.username]) {
        assert.equal(said(await send(as.owner, { server, dryRun: false })), "404 not_found", String(server));
      }
    }
    const mine = { name: "New", username: "ada@example.com", shared: true, priority: 0 };
    assert.equal(said(await as.owner("POST", "/v1/mail-servers", { body: mine })), "403 forbidden");
    const { etag: __, ...now } = json(await api.setup("GET", `/v1/mail-servers/${SHARED}`));
    assert.deepEqual(now, before);
  });

  it("records of an earlier release, which say nothing about sharing, are shared, because operators made them", async () => {
    const { shared: _, ...older } = SERVERS[OTHER] ?? mailServer();
    await api.system.records.commit([{ op: "put", kind: "mailServers", id: OTHER, value: older }]);
    assert.equal(json(await api.setup("GET", `/v1/mail-servers/${OTHER}`)).shared, true);
    const mail = await send(as.key, { from: "grace@example.com" });
    assert.equal(json(mail).server, OTHER);
    await api.setup("PATCH", `/v1/mail-servers/${OTHER}`, { body: {} });
    assert.deepEqual(
      (await api.system.records.get("mailServers", OTHER))?.value,
      older,
      "an empty patch writes nothing",
    );
    await putServers();
  });
});

describe("a mailbox at gmail.com", () => {
  it("belongs to its member in any spelling of the address", async () => {
    const { records } = api.system;
    const value = connected("ada.lovelace@gmail.com", { name: "Perso", shared: false });
    await records.commit([
      { op: "put", kind: "mailServers", id: "srv_gmail", value },
      { op: "put", kind: "serverNames", id: serverNameId("Perso"), value: { serverId: "srv_gmail" } },
    ]);
    await api.setup("PATCH", "/v1/settings", { body: { members: ["@example.com", "adaLovelace@googlemail.com"] } });
    for (const email of ["adalovelace@gmail.com", "a.dalovelace@googlemail.com", "ada.lovelace@gmail.com"]) {
      const member = await api.person(email);
      const list = json(await member("GET", "/v1/mail-servers"));
      assert.deepEqual(Array.isArray(list.items) && list.items.map((found: Json) => found.id), ["srv_gmail"], email);
      assert.equal(json(await send(member, {})).server, "srv_gmail");
      assert.equal((await member("PATCH", "/v1/mail-servers/srv_gmail", { body: { description: email } })).status, 200);
    }
    const other = await api.person("adalovelace@example.com");
    assert.equal(said(await other("GET", "/v1/mail-servers/srv_gmail")), "404 not_found");
  });
});
