import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { routes } from "../../../functions/runtime/handlers/mail-servers.ts";
import { type Answer, type Api, type Caller, SETUP_TOKEN, startApi } from "../../builders/api.ts";

let api: Api;
let operator: Caller;
let member: Caller;
before(async () => {
  api = await startApi(routes);
  operator = await api.person("olga@example.com");
  member = await api.person("ada@example.com");
});
after(() => api.close());

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;
const json = ({ body }: Answer): Json => (isJson(body) ? body : assert.fail(`no JSON object: ${JSON.stringify(body)}`));
const text = (answer: Answer, member: string): string => String(json(answer)[member]);
const items = (answer: Answer): readonly Json[] => {
  const list = json(answer).items;
  return Array.isArray(list) ? list.filter(isJson) : assert.fail(JSON.stringify(answer.body));
};
const refusal = (answer: Answer) => `${answer.status} ${String(json(answer).code)}`;

let made = 0;
const create = async (changes: Json = {}): Promise<Answer> => {
  made += 1;
  const answer = await operator("POST", "/v1/mail-servers", {
    body: { name: `Server ${made}`, username: "ada@example.com", ...changes },
  });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer;
};

test("a server is created, read, changed under its etag and deleted", async () => {
  const created = await create({ name: "Ventes" });
  const id = text(created, "id");
  assert.equal(created.headers.get("location"), `/v1/mail-servers/${id}`);
  assert.equal(created.headers.get("etag"), `"${text(created, "etag")}"`);
  assert.equal(created.headers.get("cache-control"), "private, no-store");

  const read = await operator("GET", `/v1/mail-servers/${id}`);
  assert.deepEqual(read.body, created.body);

  const headers = { "If-Match": `"${text(created, "etag")}"`, "Content-Type": "application/merge-patch+json" };
  const changed = await operator("PATCH", `/v1/mail-servers/${id}`, { body: { priority: 2 }, headers });
  assert.equal(changed.status, 200);
  assert.equal(json(changed).priority, 2);
  assert.equal(changed.headers.get("etag"), `"${text(changed, "etag")}"`);
  const bare = { "If-Match": text(changed, "etag"), "Content-Type": "application/merge-patch+json" };
  const again = await operator("PATCH", `/v1/mail-servers/${id}`, { body: { priority: 2 }, headers: bare });
  assert.equal(again.status, 200, "the tag as the body has it, without quotes");
  assert.equal(
    refusal(await operator("PATCH", `/v1/mail-servers/${id}`, { body: { priority: 3 }, headers })),
    "412 stale",
  );
  assert.equal(
    refusal(await operator("POST", "/v1/mail-servers", { body: { name: "ventes", username: "a@b.example" } })),
    "409 name_taken",
  );

  assert.equal(refusal(await operator("DELETE", `/v1/mail-servers/${id}`, { headers })), "412 stale");
  const asSeen = { "If-Match": `"${text(changed, "etag")}"` };
  assert.equal((await operator("DELETE", `/v1/mail-servers/${id}`, { headers: asSeen })).status, 204);
  assert.equal(refusal(await operator("GET", `/v1/mail-servers/${id}`)), "404 not_found");
  assert.equal(refusal(await operator("DELETE", `/v1/mail-servers/${id}`)), "404 not_found");
});

test("lists are returned page by page, and unknown parameters are refused", async () => {
  for (let count = 0; count < 3; count += 1) await create({ username: "pages@example.com" });
  const pages = await api.person("pages@example.com");
  const first = await pages("GET", "/v1/mail-servers?limit=2");
  assert.equal(items(first).length, 2);
  const second = await pages("GET", `/v1/mail-servers?limit=2&cursor=${text(first, "next")}`);
  assert.equal(items(second).length, 1);
  assert.equal(json(second).next, null);
  const wrong = ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "offset=2", "cursor=x", "cursor="];
  for (const query of wrong) {
    for (const list of ["mail-servers", "keys", "audit", "sessions"]) {
      assert.equal(refusal(await operator("GET", `/v1/${list}?${query}`)), "422 invalid_request", `${list}?${query}`);
    }
  }
});

const BAD_BODIES: readonly (readonly [name: string, body: string, type: string, refused: string])[] = [
  ["broken JSON", "{", "application/json", "400 invalid_json"],
  ["nothing at all", "", "application/json", "400 invalid_json"],
  ["another type", "name=x", "application/x-www-form-urlencoded", "415 unsupported_media_type"],
  ["an array", "[]", "application/json", "422 invalid_request"],
];

for (const [name, body, type, refused] of BAD_BODIES) {
  test(`${name} as a body is ${refused} wherever a body is expected`, async () => {
    const { id } = json(await create());
    const places = [
      ["POST", "/v1/mail-servers"],
      ["PATCH", `/v1/mail-servers/${id}`],
      ["PATCH", "/v1/settings"],
      ["PUT", "/v1/settings/gmail-credentials"],
      ["POST", "/v1/keys"],
      ["POST", "/v1/session"],
    ] as const;
    for (const [method, path] of places) {
      const answer = await operator(method, path, { body, headers: { "Content-Type": type } });
      assert.equal(refusal(answer), refused, `${method} ${path}`);
      assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
    }
  });
}

test("an invalid body is answered with the JSON Pointer of each place", async () => {
  const answer = await operator("POST", "/v1/mail-servers", {
    body: { name: "x", username: "no address", fromFilter: ["@ok.example", "no"], id: "srv_1" },
  });
  assert.equal(refusal(answer), "422 invalid_request");
  const { fields } = json(answer);
  const paths = Array.isArray(fields) ? fields.filter(isJson).map(({ path }) => path) : [];
  assert.deepEqual(paths.sort(), ["/fromFilter/1", "/id", "/username"]);
});

test("every path except opening a session answers 401 without a credential", async () => {
  const paths = [
    "/v1/mail-servers",
    "/v1/settings",
    "/v1/keys",
    "/v1/session",
    "/v1/audit",
    "/v1/sessions",
    "/v1/doctor",
    "/v1/nowhere",
  ];
  for (const path of paths) assert.equal(refusal(await api.nobody("GET", path)), "401 unauthenticated", path);
  const wrong = await api.nobody("POST", "/v1/session", { body: { setupToken: "wrong" } });
  assert.equal(refusal(wrong), "401 unauthenticated");
  assert.equal(wrong.headers.get("set-cookie"), null);
});

test("a member sees, edits and tests only their own server, and nothing for operators", async () => {
  const own = text(await create(), "id");
  const other = text(await create({ username: "eve@example.com" }), "id");
  assert.ok(
    items(await member("GET", "/v1/mail-servers?limit=200")).every(({ username }) => username === "ada@example.com"),
  );
  assert.equal((await member("GET", `/v1/mail-servers/${own}`)).status, 200);
  assert.equal((await member("PATCH", `/v1/mail-servers/${own}`, { body: { description: "mine" } })).status, 200);
  assert.equal((await member("POST", `/v1/mail-servers/${own}/test`)).status, 200);
  assert.equal((await member("POST", `/v1/mail-servers/${own}/disconnect`)).status, 200);
  for (const [method, path] of [
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["POST", "/test"],
    ["POST", "/disconnect"],
  ] as const) {
    const answer = await member(method, `/v1/mail-servers/${other}${path}`, method === "GET" ? {} : { body: {} });
    assert.equal(refusal(answer), "404 not_found", `${method} ${path}`);
  }
  const forbidden = [
    ["POST", "/v1/mail-servers", { name: "N", username: "ada@example.com" }],
    ["PATCH", `/v1/mail-servers/${own}`, { username: "eve@example.com" }],
    ["DELETE", `/v1/mail-servers/${own}`, undefined],
    ["GET", "/v1/settings", undefined],
    ["PATCH", "/v1/settings", {}],
    ["GET", "/v1/settings/gmail-credentials", undefined],
    ["PUT", "/v1/settings/gmail-credentials", {}],
    ["GET", "/v1/keys", undefined],
    ["POST", "/v1/keys", {}],
    ["GET", "/v1/audit", undefined],
    ["GET", "/v1/doctor", undefined],
  ] as const;
  for (const [method, path, body] of forbidden) {
    const answer = await member(method, path, body === undefined ? {} : { body });
    assert.equal(refusal(answer), "403 forbidden", `${method} ${path}`);
  }
});

test("a request with several session cookies has no session, however they are sent", async () => {
  const opened = async () => {
    const session = await api.nobody("POST", "/v1/session", { body: { setupToken: SETUP_TOKEN } });
    return /__session=[\w-]{43}/.exec(session.headers.get("set-cookie") ?? "")?.[0] ?? "";
  };
  const [one, two] = [await opened(), await opened()];
  /** A raw request, because fetch would join the headers. */
  const status = (...cookies: string[]): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request(`${api.origin}/v1/session`, (answer) => resolve(answer.resume().statusCode));
      sent.setHeader("Cookie", cookies).on("error", reject).end();
    });
  assert.equal(await status(one), 200);
  assert.equal(await status(`theme=dark; ${one}; a=b`), 200, "other cookies are let be");
  assert.equal(await status(`not__session=x; __session_=y; ${one}`), 200, "names that only look alike");
  for (const cookies of [
    [`${one}; ${two}`],
    [`${two}; ${one}`],
    [one, two],
    [`${one}; ${one}`],
    [`${one};${two}`],
    [`${one}, ${two}`],
    [`${one}; __session=`],
    [`__session=; ${one}`],
    [`${one}; __session=planted`],
    [`${one};\t__session =${two.slice(10)}`],
    ["a=b", one, `c=d; ${two}`],
  ]) {
    assert.equal(await status(...cookies), 401, JSON.stringify(cookies));
  }
});

test("an operator ends every session of a person, whatever the spelling of the address, and nobody else's", async () => {
  await operator("PATCH", "/v1/settings", { body: { members: ["@example.com", "nina.c@gmail.com"] } });
  const spellings = ["nina.c@gmail.com", "ninac@googlemail.com", "n.inac@gmail.com"];
  const own = await Promise.all(Array.from({ length: 45 }, (_, at) => api.person(spellings[at % 3] ?? "")));
  const others = [await api.person("ninac@example.com"), member, operator];
  for (const who of own) assert.equal((await who("GET", "/v1/session")).status, 200);
  for (const [query, path] of [
    ["", "/actor"],
    ["?actor=", "/actor"],
    ["?actor=nina", "/actor"],
    ["?actor=@example.com", "/actor"],
    ["?actor=nina.c@gmail.com&all=1", "/all"],
    ["?actor=nina.c@gmail.com&actor=olga@example.com", "/actor"],
  ]) {
    const answer = await operator("DELETE", `/v1/sessions${query}`);
    assert.equal(refusal(answer), "422 invalid_request", query);
    assert.match(JSON.stringify(json(answer).fields), new RegExp(`"path":"${path}"`), query);
  }
  assert.equal((await operator("DELETE", "/v1/sessions?actor=Nina.C@GoogleMail.com")).status, 204);
  for (const who of own) assert.equal(refusal(await who("GET", "/v1/session")), "401 unauthenticated");
  for (const who of others) assert.equal((await who("GET", "/v1/session")).status, 200);
  const [entry] = items(await operator("GET", "/v1/audit?limit=1"));
  assert.deepEqual(
    [entry?.actor, entry?.action, entry?.target, entry?.detail],
    ["olga@example.com", "session.end", "nina.c@googlemail.com", { count: 45 }],
  );
  assert.equal((await operator("DELETE", "/v1/sessions?actor=nobody@example.org")).status, 204, "none is no error");
  assert.equal(
    (await (await api.person("ninac@gmail.com"))("GET", "/v1/session")).status,
    200,
    "who may come in again",
  );
  await operator("PATCH", "/v1/settings", { body: { members: null } });
});

test("operators see who is signed in, with their role and times, and no id; a person who is no longer let in is left out", async () => {
  const fresh = await startApi(routes);
  const boss = await fresh.person("olga@example.com");
  await boss("PATCH", "/v1/settings", { body: { members: ["ada@example.com"] } });
  await fresh.person("ada@example.com");
  await fresh.person("eve@elsewhere.example");
  const token = { setupToken: fresh.system.config.setupToken?.reveal() };
  assert.equal((await fresh.nobody("POST", "/v1/session", { body: token })).status, 204);
  const listed = await boss("GET", "/v1/sessions");
  const shown = items(listed).map(({ actor, role }) => `${actor} ${role}`);
  assert.deepEqual(shown.sort(), ["ada@example.com member", "olga@example.com operator", "setup-token operator"]);
  for (const session of items(listed)) {
    assert.deepEqual(Object.keys(session), ["actor", "role", "signedInAt", "lastSeenAt", "endsAt"]);
  }
  await boss("PATCH", "/v1/settings", { body: { members: [] } });
  assert.equal(JSON.stringify((await boss("GET", "/v1/sessions")).body).includes("ada@"), false, "no longer let in");
  await fresh.close();
});

test("the audit is narrowed by actor, action, target and time, and refuses only what no reader can mean", async () => {
  const server = text(await create(), "id");
  await operator("PATCH", `/v1/mail-servers/${server}`, { body: { description: "x" } });
  const actions = async (query: string) =>
    items(await operator("GET", `/v1/audit?${query}`)).map(({ action }) => action);
  assert.deepEqual(await actions(`target=${server}`), ["mail_server.update", "mail_server.create"]);
  assert.deepEqual(await actions(`target=${server}&actor=Olga@Example.com&action=mail_server.create`), [
    "mail_server.create",
  ]);
  assert.deepEqual(await actions(`target=${server}&after=2999-01-01T00:00:00Z`), []);
  assert.deepEqual(await actions(`target=${server}&before=2000-01-01T00:00:00Z`), []);
  assert.deepEqual(await actions("actor=nobody"), []);
  for (const query of ["action=dance", "after=yesterday", "before=", "actor=a&actor=b", "who=olga"]) {
    assert.equal(refusal(await operator("GET", `/v1/audit?${query}`)), "422 invalid_request", query);
  }
});

test("who is in no list has no session", async () => {
  const stranger = await api.person("eve@elsewhere.example");
  assert.equal(refusal(await stranger("GET", "/v1/session")), "401 unauthenticated");
});

test("a key is shown once, lists its servers with `read`, reaches nothing else, and ends with its revocation", async () => {
  const server = text(await create(), "id");
  const body = { name: "Odoo", servers: [server], permissions: ["read"], expiresAt: "2099-01-01T00:00:00+01:00" };
  const issued = await operator("POST", "/v1/keys", { body });
  assert.equal(issued.status, 201);
  const { key, id, createdAt, ...rest } = json(issued);
  assert.match(String(key), /^rk_[0-9a-f]+_[\w-]+$/);
  assert.ok(createdAt);
  assert.deepEqual(rest, { ...body, expiresAt: "2098-12-31T23:00:00.000Z" });

  const program = api.bearer(String(key));
  assert.deepEqual(
    items(await program("GET", "/v1/mail-servers")).map((found) => found.id),
    [server],
  );
  for (const path of [`/v1/mail-servers/${server}`, "/v1/settings", "/v1/keys", "/v1/audit", "/v1/doctor"]) {
    assert.equal(refusal(await program("GET", path)), "403 forbidden", path);
  }
  assert.equal(refusal(await program("POST", `/v1/mail-servers/${server}/test`)), "403 forbidden");
  assert.deepEqual((await program("GET", "/v1/session")).body, {
    actor: `key:${id}`,
    role: "program",
    permissions: ["read"],
    servers: [server],
  });
  assert.equal(refusal(await program("DELETE", "/v1/session")), "403 forbidden");

  const listed = items(await operator("GET", "/v1/keys")).find((found) => found.id === id);
  assert.ok(listed?.lastUsedAt);
  assert.equal(JSON.stringify(listed).includes(String(key).slice(`rk_${id}_`.length)), false);

  assert.equal((await operator("DELETE", `/v1/keys/${id}`)).status, 204);
  assert.equal(refusal(await program("GET", "/v1/mail-servers")), "401 unauthenticated");
  assert.equal(refusal(await operator("DELETE", `/v1/keys/${id}`)), "404 not_found");
});

test("a key for sending alone can prove itself without sending, and a cookie beside it changes nothing", async () => {
  const issued = await operator("POST", "/v1/keys", { body: { name: "Sender", permissions: ["send"] } });
  for (const cookie of ["a=b", `__session=${"A".repeat(43)}`]) {
    const headers = { Cookie: cookie };
    const shown = await api.bearer(text(issued, "key"))("GET", "/v1/session", { headers });
    const expected = { actor: `key:${text(issued, "id")}`, role: "program", permissions: ["send"], servers: [] };
    assert.deepEqual(shown.body, expected);
  }
});

test("a key for sending alone does not list servers", async () => {
  const issued = await operator("POST", "/v1/keys", { body: { name: "Sender", permissions: ["send"] } });
  assert.equal(refusal(await api.bearer(text(issued, "key"))("GET", "/v1/mail-servers")), "403 forbidden");
});

test("a key with unknown servers, no permission or an end in the past is refused", async () => {
  const body = { name: "", servers: ["srv_gone"], permissions: [], expiresAt: "2020-01-01T00:00:00Z", secret: "x" };
  const answer = await operator("POST", "/v1/keys", { body });
  assert.equal(refusal(answer), "422 invalid_request");
  const late = { name: "K", servers: ["srv_gone"], permissions: ["send"], expiresAt: "2020-01-01T00:00:00Z" };
  const { fields } = json(await operator("POST", "/v1/keys", { body: late }));
  assert.deepEqual(Array.isArray(fields) ? fields.filter(isJson).map(({ path }) => path) : [], [
    "/servers/0",
    "/expiresAt",
  ]);
});

test("the setup token opens a session, which replaces the browser's former one and ends at sign-out", async () => {
  const opened = await api.nobody("POST", "/v1/session", { body: { setupToken: SETUP_TOKEN } });
  assert.equal(opened.status, 204);
  const cookie = opened.headers.get("set-cookie") ?? "";
  assert.match(cookie, /^__session=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  const browser = (session: string) => ({ headers: { Cookie: session.split(";")[0] ?? "" } });

  const shown = await api.nobody("GET", "/v1/session", browser(cookie));
  assert.deepEqual([json(shown).actor, json(shown).role], ["setup-token", "operator"]);
  const csrf = { "X-Relais-CSRF": text(shown, "csrf") };

  const body = { setupToken: SETUP_TOKEN };
  const again = await api.nobody("POST", "/v1/session", { body, ...browser(cookie) });
  assert.equal(
    refusal(await api.nobody("GET", "/v1/session", browser(cookie))),
    "401 unauthenticated",
    "the former one",
  );

  const second = again.headers.get("set-cookie") ?? "";
  assert.equal(refusal(await api.nobody("DELETE", "/v1/session", browser(second))), "403 csrf");
  const cross = { ...browser(second).headers, ...csrf };
  assert.equal(
    refusal(await api.nobody("DELETE", "/v1/session", { headers: cross })),
    "403 csrf",
    "another session's token",
  );
  const own = {
    ...browser(second).headers,
    "X-Relais-CSRF": text(await api.nobody("GET", "/v1/session", browser(second)), "csrf"),
  };
  const closed = await api.nobody("DELETE", "/v1/session", { headers: own });
  assert.equal(closed.status, 204);
  assert.match(closed.headers.get("set-cookie") ?? "", /^__session=; Max-Age=0;/);
  assert.equal(refusal(await api.nobody("GET", "/v1/session", browser(second))), "401 unauthenticated");
});

test("the refusal of a file without the redirect URI names the exact URI to add", async () => {
  const body = {
    web: {
      client_id: "1-a.apps.googleusercontent.com",
      client_secret: "s",
      redirect_uris: ["https://relais.example.com/google_gmail/confirm/"],
    },
  };
  const answer = await operator("PUT", "/v1/settings/gmail-credentials", { body });
  assert.equal(refusal(answer), "422 redirect_uri_missing");
  assert.match(JSON.stringify(answer.body), /https:\/\/relais\.example\.com\/google_gmail\/confirm[^/]/);
  assert.equal(
    refusal(await operator("PUT", "/v1/settings/gmail-credentials", { body: { installed: {} } })),
    "422 client_type_desktop",
  );
});

test("before a client is saved the credentials show only the redirect URI; afterwards they never show the secret", async () => {
  const fresh = await startApi(routes);
  const path = "/v1/settings/gmail-credentials";
  const redirectUri = "https://relais.example.com/google_gmail/confirm";
  assert.deepEqual((await fresh.setup("GET", path)).body, { clientId: null, redirectUri, configuredAt: null });
  const saved = await fresh.setup("PUT", path, {
    body: { clientId: "1-a.apps.googleusercontent.com", clientSecret: "GOCSPX-canary" },
  });
  assert.equal(saved.status, 200);
  const shown = [
    saved,
    await fresh.setup("GET", path),
    await fresh.setup("GET", "/v1/audit"),
    await fresh.setup("GET", "/v1/doctor"),
  ];
  assert.equal(json(shown[1] ?? saved).clientId, "1-a.apps.googleusercontent.com");
  assert.doesNotMatch(JSON.stringify([shown, fresh.logLines]), /canary/);
  await fresh.close();
});

test("settings show the merged operators, keep a fixed one, and record changes in the audit", async () => {
  const patched = await operator("PATCH", "/v1/settings", {
    body: { operators: ["olga@example.com", "Max@example.com"] },
  });
  assert.deepEqual(json(patched).operators, ["olga@example.com", "max@example.com"]);
  assert.deepEqual((await operator("GET", "/v1/settings")).body, patched.body);
  const refused = await operator("PATCH", "/v1/settings", { body: { operators: ["max@example.com"] } });
  assert.equal(refusal(refused), "409 fixed_by_environment");
  const [last] = items(await operator("GET", "/v1/audit?limit=1"));
  assert.deepEqual(last && { ...last, at: "" }, {
    at: "",
    actor: "olga@example.com",
    action: "settings.update",
    target: "settings",
    detail: { changed: ["operators"] },
  });
});

test("the doctor answers in the requested language", async () => {
  const ask = async (language: string) => {
    const answer = await operator("GET", "/v1/doctor", { headers: { "Accept-Language": language } });
    const { ok, checks } = json(answer);
    assert.equal(ok, false, "no Google client yet");
    return Array.isArray(checks) && isJson(checks[0]) ? checks[0].title : undefined;
  };
  assert.equal(await ask("fr-FR,fr;q=0.9"), "Fournir à Relais un client Google valable");
  assert.equal(await ask("en"), "Give Relais a working Google client");
});

test("Test connection on a server that is not connected says so, and runs no further stage", async () => {
  const id = text(await create(), "id");
  const answer = await operator("POST", `/v1/mail-servers/${id}/test`, { body: { sendTo: "self" } });
  assert.equal(answer.status, 200);
  const { ok, stages, message } = json(answer);
  assert.equal(ok, false);
  assert.equal(message, undefined);
  const [token, ...more] = Array.isArray(stages) ? stages.filter(isJson) : [];
  assert.deepEqual(more, []);
  assert.equal(isJson(token?.problem) && token.problem.code, "not_connected");
  const refused = await operator("POST", `/v1/mail-servers/${id}/test`, { body: { sendTo: "eve@example.com" } });
  assert.equal(refusal(refused), "422 invalid_request");
});

test("of two servers created at once with one name, one is refused", async () => {
  const body = { name: "Course", username: "ada@example.com" };
  const answers = await Promise.all([1, 2, 3].map(() => operator("POST", "/v1/mail-servers", { body })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409]);
});
