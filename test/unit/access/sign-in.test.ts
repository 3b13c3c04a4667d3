import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Account } from "../../../functions/domain/access/admission.ts";
import { authenticateSession } from "../../../functions/domain/access/authenticate.ts";
import { newSession, startSession } from "../../../functions/domain/access/sessions.ts";
import { signIn } from "../../../functions/domain/connections/connect/sign-in.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { editSettings } from "../../../functions/domain/settings/edit-settings.ts";
import { readSettings, SETTINGS_ID, settingsReader } from "../../../functions/domain/settings/read-settings.ts";
import { type TestClock, testClock } from "../../builders/clock.ts";
import { OPERATOR } from "../../builders/mail-server.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const NOWHERE = {
  operators: [],
  members: [],
  callers: [],
  retentionDays: 30,
  smtpDoor: null,
  publicUrl: "https://relais.example.com",
};

let clock: TestClock;
let store: ReturnType<typeof testStore>;
beforeEach(() => {
  clock = testClock();
  store = testStore(clock);
});
afterEach(() => store.close());

interface Lists {
  readonly operators?: readonly string[];
  readonly members?: readonly string[];
}

const depsFor = (lists: Lists) => {
  const kept = { records: store.records, environment: { ...NOWHERE, ...lists } };
  const readAccessLists = settingsReader(kept);
  return { ...kept, readAccessLists, clock, random: testRandom, log: silent, setupToken: null, production: true };
};

const account = (email: string, hostedDomain: string | null = null, sub = `sub of ${email}`): Account => ({
  email,
  hostedDomain,
  sub,
});

let states = 0;
/**
 * Comes back from Google as that account. Returns its role or the code of the refusal, and whether its session works.
 */
const comeBack = async (who: Account, lists: Lists = {}) => {
  const deps = depsFor(lists);
  const { id: sessionId } = await startSession(deps, { kind: "anonymous" }, null);
  states += 1;
  const value = {
    purpose: { kind: "sign_in", next: "/" },
    sessionSha256: "x",
    nonce: "n",
    clientId: "client-1",
    phase: { kind: "exchanging", leaseUntilMs: clock.nowMs() + 1_000 },
    createdAtMs: clock.nowMs(),
    expiresAtMs: clock.nowMs() + 1_000,
    eraseAtMs: clock.nowMs() + 1_000,
  } as const;
  const id = `state ${states}`;
  const kept = await deps.records.commit([{ op: "create", kind: "oauthStates", id, value }]);
  const tokens = {
    accessToken: new Secret("at"),
    expiresAtMs: 0,
    refreshToken: null,
    refreshTokenExpiresAtMs: null,
    scopes: [],
    idToken: null,
  };
  const verdict = await signIn(deps, {
    state: { id, value, version: kept.done ? (kept.versions[0] ?? "") : "" },
    proven: { tokens, identity: who, clientId: "client-1", codeSha256: "c", browser: { sessionId, formers: [] } },
    next: "/",
  });
  const session = verdict.kind === "signed_in" ? verdict.session : null;
  const role = async (now: Lists = lists) =>
    session === null ? null : ((await authenticateSession(depsFor(now), session.id)).principal?.kind ?? null);
  const problem = verdict.kind === "refused" ? verdict.problem : null;
  return { said: problem?.code ?? (await role()) ?? "let in by nothing", problem, role };
};

const patch = async (body: unknown, lists: Lists = {}): Promise<void> => {
  const edited = await editSettings(depsFor(lists), OPERATOR, body);
  assert.ok(edited.ok, JSON.stringify(edited));
};

describe("a sign-in under a domain entry", () => {
  const lists = {
    operators: ["@example.com", "@xn--mnchen-3ya.example", "ada.love@gmail.com"],
    members: ["@gmail.com"],
  };
  const cases: readonly (readonly [who: Account, said: string])[] = [
    [account("ada@example.com", "example.com"), "operator"],
    [account("ada@example.com", "Example.COM"), "operator"],
    [account("ada@second.example", "example.com"), "operator"],
    [account("ada@xn--mnchen-3ya.example", "münchen.example"), "operator"],
    [account("ada@example.com"), "not_admitted"],
    [account("nina+2019@example.com"), "not_admitted"],
    [account("ada@example.com", ""), "not_admitted"],
    [account("ada@example.com", "other.example"), "not_admitted"],
    [account("ada@example.com", "mail.example.com"), "not_admitted"],
    [account("ada@example.com", "notexample.com"), "not_admitted"],
    [account("ada@mail.example.com", "mail.example.com"), "not_admitted"],
    [account("eve@gmail.com"), "not_admitted"],
    [account("eve@gmail.com", "gmail.com"), "not_admitted"],
    [account("ada.love@gmail.com"), "operator"],
    [account("adalove@googlemail.com"), "operator"],
    [account("ada.love+x@gmail.com"), "not_admitted"],
    [account("adalove@example.com"), "not_admitted"],
  ];
  for (const [who, said] of cases) {
    it(`${who.email} with hd ${who.hostedDomain}: ${said}`, async () => {
      assert.equal((await comeBack(who, lists)).said, said);
    });
  }

  it("names to a refused account only the entry that nearly covers it", async () => {
    const expected = async (who: Account) => {
      const { problem } = await comeBack(who, lists);
      return problem !== null && "expected" in problem ? problem.expected : "none told";
    };
    assert.equal(await expected(account("nina@example.com")), "@example.com");
    assert.equal(await expected(account("eve@elsewhere.example")), null);
  });

  it("is checked again at every request: a session of an earlier release, which has no hd, admits nobody", async () => {
    const deps = depsFor(lists);
    const older = newSession(deps, { kind: "google", email: "ada@example.com", sub: "1" }, null);
    const ofDomain = newSession(
      deps,
      { kind: "google", email: "ada@example.com", sub: "1", hostedDomain: "example.com" },
      null,
    );
    await deps.records.commit([...older.writes, ...ofDomain.writes]);
    assert.equal((await authenticateSession(deps, older.id)).principal, null);
    assert.equal((await authenticateSession(deps, ofDomain.id)).principal?.kind, "operator");
  });
});

describe("a sign-in under an address entry", () => {
  const first = account("ada@example.com", "example.com", "sub 1");
  const second = account("ada@example.com", "example.com", "sub 2");

  it("admits the account that came first, and no other one later", async () => {
    const lists = { operators: ["ada@example.com"] };
    const came = await comeBack(first, lists);
    assert.equal(came.said, "operator");
    assert.equal((await comeBack(second, lists)).said, "not_admitted");
    assert.equal((await comeBack(account("ADA@example.com".toLowerCase(), null, "sub 3"), lists)).said, "not_admitted");
    assert.equal((await comeBack(first, lists)).said, "operator");
    assert.equal(await came.role(), "operator");
  });

  it("admits one of two that come at the same moment", async () => {
    const lists = { operators: ["ada@example.com"] };
    const both = await Promise.all([comeBack(first, lists), comeBack(second, lists)]);
    assert.deepEqual(both.map(({ said }) => said).toSorted(), ["not_admitted", "operator"]);
  });

  it("is refused to another account even if a domain entry would admit it", async () => {
    const lists = { operators: ["ada@example.com"], members: ["@example.com"] };
    assert.equal((await comeBack(first, lists)).said, "operator");
    assert.equal((await comeBack(second, lists)).said, "not_admitted");
    assert.equal((await comeBack(account("bob@example.com", "example.com"), lists)).said, "member");
  });

  it("recognizes a gmail.com address in any spelling", async () => {
    const lists = { members: ["ada.love@gmail.com"] };
    assert.equal((await comeBack(account("ada.love@gmail.com", null, "sub 1"), lists)).said, "member");
    assert.equal((await comeBack(account("adalove@googlemail.com", null, "sub 2"), lists)).said, "not_admitted");
    assert.equal((await comeBack(account("adalove@googlemail.com", null, "sub 1"), lists)).said, "member");
  });

  it("is free again once an operator has removed the entry and added it again, and not before", async () => {
    const others = ["olga@example.com"];
    await patch({ operators: others, members: ["ada@example.com"] });
    const came = await comeBack(first);
    await patch({ paused: true });
    await patch({ members: ["ada@example.com", "bob@example.com"] });
    await patch({ operators: [...others, "ada@example.com"], members: [] });
    assert.equal(await came.role(), "operator", "moved to another list, the entry was never out");
    assert.equal((await comeBack(second)).said, "not_admitted");
    await patch({ operators: others });
    assert.equal(await came.role(), null);
    assert.equal((await comeBack(second)).said, "not_admitted");
    await patch({ operators: [...others, "ada@example.com"] });
    assert.equal(await came.role(), null, "the session of before does not come back");
    const now = await comeBack(second);
    assert.equal(now.said, "operator");
    assert.equal((await comeBack(first)).said, "not_admitted");
    assert.equal(await now.role(), "operator");
  });

  it("ends no session that a domain entry admits, when the entry is removed", async () => {
    await patch({ operators: ["olga@example.com", "ada@example.com"], members: ["@example.com"] });
    const [own, another] = [await comeBack(first), await comeBack(account("bob@example.com", "example.com"))];
    await patch({ operators: ["olga@example.com"] });
    assert.equal(await own.role(), "member");
    assert.equal(await another.role(), "member");
    await patch({ members: ["bob@example.com"] });
    await patch({ members: ["@example.com", "ada@example.com"] });
    assert.equal(await own.role(), "member", "a domain that comes and goes is no other account");
  });

  it("is free again after the address was missing from the environment while someone signed in", async () => {
    const lists = { operators: ["ada@example.com", "olga@example.com"] };
    const came = await comeBack(first, lists);
    assert.equal((await comeBack(second, lists)).said, "not_admitted");
    assert.equal((await comeBack(account("olga@example.com"), { operators: ["olga@example.com"] })).said, "operator");
    assert.equal((await comeBack(second, lists)).said, "operator");
    assert.equal(await came.role(), null, "the one before has no session any more");
  });

  it("is not written again when the same account returns, and is shown to nobody", async () => {
    const lists = { operators: ["ada@example.com"] };
    await comeBack(first, lists);
    const { version, stored } = await readSettings(store.records, { ...NOWHERE, ...lists });
    await comeBack(first, lists);
    assert.equal((await readSettings(store.records, { ...NOWHERE, ...lists })).version, version);
    assert.deepEqual(stored.pins, { "ada@example.com": "sub 1" });
    await patch({ paused: true }, lists);
    assert.deepEqual((await store.records.get("settings", SETTINGS_ID))?.value.pins, stored.pins);
  });
});
