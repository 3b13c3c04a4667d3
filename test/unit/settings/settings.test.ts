import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Principal } from "../../../functions/domain/access/records.ts";
import type { Result } from "../../../functions/domain/result.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { editSettings } from "../../../functions/domain/settings/edit-settings.ts";
import { parseGmailCredentials, saveGmailCredentials } from "../../../functions/domain/settings/gmail-credentials.ts";
import { readSettings } from "../../../functions/domain/settings/read-settings.ts";
import type { EnvironmentSettings } from "../../../functions/domain/settings/settings.ts";
import { settingsView } from "../../../functions/domain/settings/settings-view.ts";
import { testClock } from "../../builders/clock.ts";
import { mailServer, OPERATOR } from "../../builders/mail-server.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const clock = testClock();
const environment: EnvironmentSettings = {
  operators: ["olga@example.com"],
  members: ["@example.com"],
  callers: [],
  retentionDays: 30,
  smtpDoor: null,
  publicUrl: "https://relais.example.com",
};
let store: ReturnType<typeof testStore>;
beforeEach(() => {
  store = testStore(clock);
});
afterEach(() => store.close());

const deps = (changes: Partial<EnvironmentSettings> = {}) => ({
  records: store.records,
  vault: store.vault,
  clock,
  random: testRandom,
  environment: { ...environment, ...changes },
});
const patch = (body: unknown, principal: Principal = OPERATOR) => editSettings(deps(), principal, body);
const save = (body: unknown) => saveGmailCredentials(deps(), OPERATOR, body);
const kept = async () => (await readSettings(store.records, environment)).value;
const must = <T>(result: Result<T>): T => {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
};
const problemOf = (result: Result<unknown>) => (result.ok ? assert.fail("it was taken") : result.problem);
const pathsOf = (result: Result<unknown>): string[] => {
  const problem = problemOf(result);
  assert.ok(problem.code === "invalid_request", JSON.stringify(problem));
  return problem.fields.map(({ path }) => path).sort();
};
const secretVersions = () => store.vault.versions({ kind: "client_secret" });

test("the environment's values apply until something is set", async () => {
  assert.deepEqual(settingsView(await kept(), environment), {
    operators: ["olga@example.com"],
    members: ["@example.com"],
    callers: [],
    retentionDays: 30,
    publishingStatus: "undeclared",
    paused: false,
    alerts: null,
    smtpDoor: null,
    sandbox: null,
  });
});

test("the sandbox's client is taken without its secret, and only where there is a sandbox", async () => {
  const client = { clientId: "1-a.apps.googleusercontent.com", clientSecret: new Secret("GOCSPX-of-the-sandbox") };
  const sandboxed = { ...environment, sandbox: { mailboxUrl: "http://localhost:9/mailbox", client } };
  assert.deepEqual(must(parseGmailCredentials({ sandbox: true }, sandboxed)), client);
  assert.deepEqual(settingsView(await kept(), sandboxed).sandbox, { mailboxUrl: "http://localhost:9/mailbox" });
  for (const body of [{ sandbox: false }, { sandbox: "true" }, { sandbox: true, clientId: client.clientId }]) {
    assert.notDeepEqual(pathsOf(parseGmailCredentials(body, sandboxed)), [], JSON.stringify(body));
  }
  assert.deepEqual(pathsOf(parseGmailCredentials({ sandbox: true }, environment)), [
    "/clientId",
    "/clientSecret",
    "/sandbox",
  ]);
});

test("where the SMTP door is can be read, and not set", async () => {
  const door = { host: "127.0.0.1", port: 2525 };
  assert.deepEqual(settingsView(await kept(), { ...environment, smtpDoor: door }).smtpDoor, door);
  assert.deepEqual(pathsOf(await patch({ smtpDoor: door })), ["/smtpDoor"]);
});

test("a patch replaces what it names and folds addresses; null restores a setting's initial value", async () => {
  const { settings } = must(
    await patch({ operators: ["Olga@Example.com", "@Ops.example.com"], members: [], publishingStatus: "testing" }),
  );
  assert.deepEqual(settings.operators, ["olga@example.com", "@ops.example.com"]);
  assert.deepEqual(settings.members, []);
  assert.equal(settings.publishingStatus, "testing");
  const back = must(await patch({ operators: null, members: null, publishingStatus: null })).settings;
  assert.deepEqual(back, settingsView(await kept(), environment));
  assert.deepEqual([back.operators, back.members], [["olga@example.com"], ["@example.com"]]);
});

test("other stored settings leave the initial values to the environment, until they are set here", async () => {
  must(await save({ clientId: idOf(1), clientSecret: "secret" }));
  must(await patch({ publishingStatus: "internal", retentionDays: 30 }));
  const later = { ...environment, members: ["ada@example.com"], callers: ["bot@example.com"], retentionDays: 7 };
  const holding = async () => settingsView((await readSettings(store.records, later)).value, later);
  const shown = ({ members, callers, retentionDays }: Awaited<ReturnType<typeof holding>>) => [
    members,
    callers,
    retentionDays,
  ];
  assert.deepEqual(shown(await holding()), [["ada@example.com"], ["bot@example.com"], 7]);
  must(await patch({ members: ["bob@example.com"], retentionDays: 90 }));
  must(await patch({ paused: true }));
  assert.deepEqual(shown(await holding()), [["bob@example.com"], ["bot@example.com"], 90]);
  must(await patch({ members: null }));
  assert.deepEqual(shown(await holding()), [["ada@example.com"], ["bot@example.com"], 90]);
});

const REFUSED: readonly (readonly [body: unknown, paths: readonly string[]])[] = [
  [[], [""]],
  [{ operators: ["olga@example.com", "ops", "@x y"] }, ["/operators/1", "/operators/2"]],
  [{ retentionDays: 0 }, ["/retentionDays"]],
  [{ retentionDays: 1.5, paused: "no" }, ["/paused", "/retentionDays"]],
  [{ publishingStatus: "published" }, ["/publishingStatus"]],
  [{ gmailCredentials: null, operatorSignedInAtMs: 1 }, ["/gmailCredentials", "/operatorSignedInAtMs"]],
  [{ callers: "bot@example.com" }, ["/callers"]],
  [{ alerts: "olga@example.com" }, ["/alerts"]],
  [{ alerts: { to: ["olga@example.com"] } }, ["/alerts/server"]],
  [{ alerts: { server: "srv_1", to: ["olga@example.com"] } }, ["/alerts/server"]],
  [{ alerts: { server: "a/b", to: ["olga@example.com"] } }, ["/alerts/server"]],
];

for (const [body, paths] of REFUSED) {
  test(`${JSON.stringify(body)} is refused at ${paths.join(" ") || "the whole"}`, async () => {
    assert.deepEqual(pathsOf(await patch(body)), paths);
    assert.equal((await readSettings(store.records, environment)).version, undefined, "nothing is written");
  });
}

test("an operator of RELAIS_OPERATORS cannot be removed here", async () => {
  const problem = problemOf(await patch({ operators: ["@ops.example.com"] }));
  assert.deepEqual(problem, {
    code: "fixed_by_environment",
    detail: { code: "named_by_environment", params: { entries: "olga@example.com" } },
  });
});

test("the last operator cannot be removed where the environment names none", async () => {
  const free = deps({ operators: [] });
  must(await editSettings(free, { kind: "setup" }, { operators: ["olga@example.com"] }));
  assert.deepEqual(pathsOf(await editSettings(free, OPERATOR, { operators: [] })), ["/operators"]);
});

test("alerts need an existing server and addresses; a patch may change one without the other", async () => {
  await store.records.commit([{ op: "create", kind: "mailServers", id: "srv_1", value: mailServer() }]);
  const server = "srv_1";
  assert.deepEqual(pathsOf(await patch({ alerts: { server } })), ["/alerts/to"]);
  assert.deepEqual(pathsOf(await patch({ alerts: { server, to: [] } })), ["/alerts/to"]);
  assert.deepEqual(pathsOf(await patch({ alerts: { server, to: ["@example.com"] } })), ["/alerts/to/0"]);
  assert.deepEqual(pathsOf(await patch({ alerts: { server, to: ["olga@example.com"], when: 1 } })), ["/alerts/when"]);
  const { settings } = must(await patch({ alerts: { server, to: ["Olga@example.com", "olga@example.com"] } }));
  assert.deepEqual(settings.alerts, { server, to: ["olga@example.com"] });
  assert.deepEqual(must(await patch({ alerts: { to: ["b@y.org"] } })).settings.alerts, { server, to: ["b@y.org"] });
  must(await patch({ paused: true }));
  assert.deepEqual((await kept()).alerts, { server, to: ["b@y.org"] });
  assert.equal(must(await patch({ alerts: null })).settings.alerts, null);
});

test("concurrent patches are all kept", async () => {
  const patches = [
    { paused: true },
    { retentionDays: 7 },
    { publishingStatus: "internal" },
    { callers: ["bot@x.example"] },
  ];
  for (const result of await Promise.all(patches.map((body) => patch(body)))) must(result);
  const { paused, retentionDays, publishingStatus, callers } = await kept();
  assert.deepEqual([paused, retentionDays, publishingStatus, callers], [true, 7, "internal", ["bot@x.example"]]);
});

test("the end of a pause is announced; its beginning and a second end are not", async () => {
  assert.equal(must(await patch({ paused: true })).resumed, false);
  assert.equal(must(await patch({ paused: false })).resumed, true);
  assert.equal(must(await patch({ paused: false })).resumed, false);
});

test("the audit names what was changed, and by whom", async () => {
  must(await patch({ paused: true, retentionDays: 30 }));
  const page = await store.records.query("auditNewest", {}, { limit: 9 });
  assert.ok(page !== "bad_cursor");
  const [entry] = page.items.map(({ value }) => value);
  assert.equal(entry?.actor, "olga@example.com");
  assert.equal(entry?.action, "settings.update");
  assert.deepEqual(entry?.detail, { changed: ["paused"] });
});

const idOf = (n: number): string => `${n}-abc.apps.googleusercontent.com`;
const REDIRECT = "https://relais.example.com/google_gmail/confirm";
const file = (web: object) => ({
  web: {
    client_id: "123-abc.apps.googleusercontent.com",
    project_id: "relais",
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    client_secret: "GOCSPX-secret",
    redirect_uris: ["https://other.example.com/cb", REDIRECT],
    ...web,
  },
});

test("credentials are accepted as id and secret or as Google's file, and shown without the secret", async () => {
  const plain = must(await save({ clientId: ` ${idOf(1)}\n`, clientSecret: " s1 " }));
  const configuredAt = new Date(clock.nowMs()).toISOString();
  assert.deepEqual(plain, { clientId: idOf(1), redirectUri: REDIRECT, configuredAt });
  assert.equal(must(await save(file({}))).clientId, "123-abc.apps.googleusercontent.com");
  const { gmailCredentials } = await kept();
  const secret = await store.vault.read({ kind: "client_secret" }, gmailCredentials?.secretVersion ?? "");
  assert.equal(secret?.reveal(), "GOCSPX-secret");
  assert.equal((await secretVersions()).length, 1, "the superseded secret is destroyed");
});

test("the file of a desktop client is refused, and so is one without exactly our redirect URI", async () => {
  assert.equal(problemOf(await save({ installed: file({}).web })).code, "client_type_desktop");
  for (const redirect_uris of [undefined, [], [`${REDIRECT}/`], ["http://relais.example.com/google_gmail/confirm"]]) {
    const problem = problemOf(await save(file({ redirect_uris })));
    assert.deepEqual(problem, { code: "redirect_uri_missing", redirectUri: REDIRECT });
  }
  assert.deepEqual(await secretVersions(), []);
});

const BAD_CREDENTIALS: readonly (readonly [body: unknown, paths: readonly string[]])[] = [
  [{}, ["/clientId", "/clientSecret"]],
  [null, [""]],
  [{ clientId: idOf(1), clientSecret: "" }, ["/clientSecret"]],
  [{ clientId: "a\nb", clientSecret: "s" }, ["/clientId"]],
  [{ clientId: idOf(1), clientSecret: "s", redirectUri: "x" }, ["/redirectUri"]],
  [file({ client_id: 1 }), ["/web/client_id"]],
  [{ web: "x" }, ["/web"]],
  [{ ...file({}), clientId: "a" }, ["/clientId"]],
  [{ clientId: "GOCSPX-0123456789abcdefghijklmnopqr", clientSecret: idOf(1) }, ["/clientId", "/clientSecret"]],
  [file({ client_id: "GOCSPX-secret", client_secret: idOf(1) }), ["/web/client_id", "/web/client_secret"]],
  [file({ client_secret: "****qRsT" }), ["/web/client_secret"]],
];

/** What people paste instead of either. Each would replace a client that works. */
const NO_ID = [
  "client-1",
  "relais-sandbox",
  "ada@example.com",
  "apps.googleusercontent.com",
  ".apps.googleusercontent.com",
  `${idOf(1)}.evil.example`,
  `https://${idOf(1)}`,
  `"${idOf(1)}"`,
  `'${idOf(1)}'`,
  `${idOf(1)},`,
  `1-abc apps.googleusercontent.com`,
  `1 -abc.apps.googleusercontent.com`,
  "****.apps.googleusercontent.com",
  "1-abc.apps.googleusercontent.com GOCSPX-secret",
  "GOCSPX-secret",
];
const NO_SECRET = [
  "****qRsT",
  "GOCSPX-****",
  "GOCSPX-abc…",
  "GOCSPX-abc...",
  "••••••qRsT",
  '"GOCSPX-secret"',
  "'GOCSPX-secret'",
  "`GOCSPX-secret`",
  "“GOCSPX-secret”",
  "« GOCSPX-secret »",
  '"client_secret": "GOCSPX-secret",',
  "GOCSPX-se cret",
  "GOCSPX-secret\tx",
  "<client secret>",
  idOf(1),
  idOf(2).toUpperCase(),
  `${idOf(1)}:GOCSPX-secret`,
  "ya29.a0AfH6SMB-token",
  "1//0gRefreshToken",
  "4/0AX4XfWh-code",
  "AIzaSyD-api-key",
];

test("nothing but a client ID and a secret replaces a client that works", async () => {
  must(await save({ clientId: idOf(1), clientSecret: "GOCSPX-works" }));
  const [before, versions] = [await kept(), await secretVersions()];
  for (const clientId of NO_ID) {
    assert.deepEqual(pathsOf(await save({ clientId, clientSecret: "GOCSPX-new" })), ["/clientId"], clientId);
    assert.deepEqual(pathsOf(await save(file({ client_id: clientId }))), ["/web/client_id"], clientId);
  }
  for (const clientSecret of NO_SECRET) {
    assert.deepEqual(pathsOf(await save({ clientId: idOf(2), clientSecret })), ["/clientSecret"], clientSecret);
    assert.deepEqual(pathsOf(await save(file({ client_secret: clientSecret }))), ["/web/client_secret"], clientSecret);
  }
  assert.deepEqual(await kept(), before);
  assert.deepEqual(await secretVersions(), versions);
  for (const secret of ["GOCSPX-0123456789_-abcdefghijklmnopq", "d-FL95Q19q7MQmFpd7hHD0Ty", "s1", "a+b/c="]) {
    must(await save({ clientId: "123456789012.apps.googleusercontent.com", clientSecret: secret }));
  }
});

/** Domains under which anyone can get an address or a name of their own, in any spelling. */
const SHARED = [
  "@gmail.com",
  "@GMAIL.com",
  "@googlemail.com",
  "@com",
  "@co.uk",
  "@Co.UK",
  "@github.io",
  "@appspot.com",
  "@gouv.fr",
  "@公司.cn",
  "@xn--55qx5d.cn",
  "@kawasaki.jp",
  "@anything.ck",
  "@gserviceaccount.com",
  "@iam.gserviceaccount.com",
  "@developer.gserviceaccount.com",
  "@appspot.gserviceaccount.com",
  "@gcp-sa-pubsub.iam.gserviceaccount.com",
];
const OWN = [
  "@example.com",
  "@example.co.uk",
  "@relais.github.io",
  "@mail.example.com",
  "@economie.gouv.fr",
  "@www.ck",
  "@city.kawasaki.jp",
  "@project.iam.gserviceaccount.com",
  "@project.example.com.iam.gserviceaccount.com",
  "@notgmail.com",
  "@gmail.com.example",
];

test("a domain where anyone can get an address is refused in every list of people, and its place is named", async () => {
  for (const list of ["operators", "members", "callers"]) {
    for (const domain of SHARED) {
      const entries = ["olga@example.com", "olga@example.com", domain, "ada@gmail.com"];
      assert.deepEqual(pathsOf(await patch({ [list]: entries, paused: true })), [`/${list}/2`], domain);
    }
    must(await patch({ [list]: ["olga@example.com", "ada@gmail.com", ...OWN] }));
  }
  const mixed = { operators: ["@gmail.com", "nobody"], members: ["@co.uk", "@example.com"] };
  assert.deepEqual(pathsOf(await patch(mixed)), ["/members/0", "/operators/0", "/operators/1"]);
  assert.equal((await kept()).paused, false, "a refused patch changes nothing");
});

test("an entry of an earlier release that would be refused now blocks no other change", async () => {
  must(await patch({ paused: false, retentionDays: 7 }));
  const { version } = await readSettings(store.records, environment);
  const value = { ...(await readSettings(store.records, environment)).stored, members: ["@gmail.com"] };
  await store.records.commit([{ op: "replace", kind: "settings", id: "settings", version: version ?? "", value }]);
  must(await patch({ paused: true }));
  assert.deepEqual(pathsOf(await patch({ members: ["@gmail.com", "ada@example.com"] })), ["/members/0"]);
});

for (const [body, paths] of BAD_CREDENTIALS) {
  test(`credentials ${JSON.stringify(body)} are refused at ${paths.join(" ") || "the whole"}`, async () =>
    assert.deepEqual(pathsOf(await save(body)), paths));
}

test("of credentials saved at the same moment one set remains, its secret can be read, and the others are destroyed", async () => {
  const bodies = [1, 2, 3, 4].map((n) => ({ clientId: idOf(n), clientSecret: `s${n}` }));
  for (const result of await Promise.all(bodies.map(save))) must(result);
  const { gmailCredentials } = await kept();
  const secret = await store.vault.read({ kind: "client_secret" }, gmailCredentials?.secretVersion ?? "");
  assert.equal(secret?.reveal(), gmailCredentials?.clientId.replace(/-.*/, "").replace(/^/, "s"));
  assert.equal((await secretVersions()).length, 1);
});

test("neither the settings nor the audit contains a secret", async () => {
  must(await save({ clientId: idOf(1), clientSecret: "GOCSPX-canary" }));
  const page = await store.records.query("auditNewest", {}, { limit: 9 });
  assert.doesNotMatch(JSON.stringify([await kept(), page]), /canary/);
});
