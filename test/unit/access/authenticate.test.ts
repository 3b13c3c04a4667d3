import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { admit } from "../../../functions/domain/access/admission.ts";
import { mintApiKey } from "../../../functions/domain/access/api-keys.ts";
import { type AuthenticateDeps, authenticate } from "../../../functions/domain/access/authenticate.ts";
import type { SessionActor } from "../../../functions/domain/access/records.ts";
import { startSession } from "../../../functions/domain/access/sessions.ts";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { defaultSettings, SETTINGS_ID, settingsReader } from "../../../functions/domain/settings/read-settings.ts";
import type { Settings } from "../../../functions/domain/settings/settings.ts";
import { accountOf } from "../../builders/account.ts";
import { type TestClock, testClock } from "../../builders/clock.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const environment = {
  operators: ["boss@example.com", "@ops.example.com"],
  members: ["@example.com"],
  callers: ["robot@project.iam.gserviceaccount.com"],
  retentionDays: 30,
  smtpDoor: null,
  publicUrl: "https://relais.example.com",
};
const SETUP_TOKEN = "a setup token".replaceAll(" ", "-");

describe("who is calling", () => {
  let clock: TestClock;
  let store: ReturnType<typeof testStore>;
  let deps: AuthenticateDeps;
  beforeEach(() => {
    clock = testClock();
    store = testStore(clock);
    deps = {
      clock,
      records: store.records,
      environment,
      readAccessLists: settingsReader({ records: store.records, environment }),
      setupToken: new Secret(SETUP_TOKEN),
      production: false,
      oauth: { identify: async () => ({ ok: false, reason: "unproven", detail: "no token is proven here" }) },
    };
  });
  afterEach(() => store.close());

  const settings = (changes: Partial<Settings>): Promise<unknown> => {
    const value = { ...defaultSettings(environment), ...changes };
    return store.records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value }]);
  };
  const bearer = async (token: string, over: Partial<AuthenticateDeps> = {}) => {
    const request = { authorizationHeader: `Bearer ${token}`, sessionId: null };
    const outcome = await authenticate({ ...deps, ...over }, request);
    return outcome.ok ? outcome.value.principal : outcome.problem.code;
  };
  const session = async (actor: SessionActor, over: Partial<AuthenticateDeps> = {}) => {
    const { id } = await startSession({ ...deps, random: testRandom }, actor, null);
    return async () => {
      const outcome = await authenticate({ ...deps, ...over }, { authorizationHeader: undefined, sessionId: id });
      assert.ok(outcome.ok);
      return outcome.value.principal;
    };
  };
  const google = (email: string): SessionActor => ({ kind: "google", ...accountOf(email), sub: "1" });

  it("is nobody without a credential", async () => {
    const outcome = await authenticate(deps, { authorizationHeader: undefined, sessionId: null });
    assert.deepEqual(outcome, { ok: true, value: { principal: null, session: null } });
    assert.equal(await (await session({ kind: "anonymous" }))(), null);
  });

  it("is an operator or member by address or domain; operators come first, and subdomains are not included", async () => {
    assert.deepEqual(await (await session(google("boss@example.com")))(), {
      kind: "operator",
      email: "boss@example.com",
    });
    assert.equal((await (await session(google("any@ops.example.com")))())?.kind, "operator");
    assert.equal((await (await session(google("ada@example.com")))())?.kind, "member");
    assert.equal(await (await session(google("ada@sub.example.com")))(), null);
    assert.equal(await (await session(google("ada@notexample.com")))(), null);
    const stranger = { email: "x@evil.org", sub: "1", hostedDomain: "evil.org" };
    assert.equal(admit(stranger, defaultSettings(environment), environment), null);
  });

  it("is decided again at every request: someone who is no longer admitted has no session", async () => {
    await settings({ members: ["eve@else.org"] });
    const eve = await session(google("eve@else.org"));
    assert.equal((await eve())?.kind, "member");
    await settings({ members: [] });
    assert.equal(await eve(), null);
    await settings({ operators: ["eve@else.org"] });
    assert.equal((await eve())?.kind, "operator");
  });

  it("is an operator with the setup token, until an operator has signed in with Google in production", async () => {
    const production = { production: true };
    const kept = await session({ kind: "setup" }, production);
    assert.deepEqual(await bearer(SETUP_TOKEN, production), { kind: "setup" });
    assert.deepEqual(await kept(), { kind: "setup" });
    await settings({ operatorSignedInAtMs: clock.nowMs() });
    assert.equal(await bearer(SETUP_TOKEN, production), "unauthenticated");
    assert.equal(await kept(), null);
    assert.deepEqual(await bearer(SETUP_TOKEN), { kind: "setup" }, "npm start keeps it");
    assert.equal(await bearer(`${SETUP_TOKEN}x`), "unauthenticated");
    assert.equal(await bearer(SETUP_TOKEN, { setupToken: null }), "unauthenticated");
  });

  it("is refused with a wrong bearer even beside a good cookie, and with another scheme", async () => {
    const { id } = await startSession({ ...deps, random: testRandom }, google("boss@example.com"), null);
    for (const authorizationHeader of ["Bearer wrong", "Basic Ym9zczp4", "Bearer", "", "Bearer a b"]) {
      const outcome = await authenticate(deps, { authorizationHeader, sessionId: id });
      assert.deepEqual(outcome, { ok: false, problem: { code: "unauthenticated" } });
    }
  });

  describe("an API key", () => {
    const request = { name: "Shop", servers: ["srv_1"], permissions: ["send"], expiresAtMs: null } as const;
    const keep = async (changes: { readonly expiresAtMs?: number } = {}) => {
      const minted = mintApiKey({ clock, random: testRandom }, { ...request, ...changes });
      await store.records.commit([{ op: "create", kind: "keys", id: minted.id, value: minted.record }]);
      return minted;
    };

    it("names its holder; the store has only the secret's SHA-256", async () => {
      const { id, key, record } = await keep();
      const { name, servers, permissions } = request;
      assert.deepEqual(await bearer(key.reveal()), { kind: "key", id, name, servers, permissions });
      const secret = key.reveal().slice(`rk_${id}_`.length);
      assert.equal(secret.length, 43);
      assert.ok(!JSON.stringify(record).includes(secret));
    });

    it("is refused with the secret of another key, or if altered, revoked or expired", async () => {
      const one = await keep();
      const two = await keep({ expiresAtMs: clock.nowMs() + MINUTE });
      const secretOfTwo = two.key.reveal().slice(`rk_${two.id}_`.length);
      const last = one.key.reveal().at(-1) === "A" ? "B" : "A";
      for (const wrong of [
        `rk_${one.id}_${secretOfTwo}`,
        `${one.key.reveal().slice(0, -1)}${last}`,
        `rk_${one.id}_`,
        "rk_",
        `rk_${"0".repeat(18)}_${secretOfTwo}`,
      ]) {
        assert.equal(await bearer(wrong), "unauthenticated", wrong);
      }
      assert.notEqual(await bearer(two.key.reveal()), "unauthenticated");
      clock.advance(MINUTE);
      assert.equal(await bearer(two.key.reveal()), "unauthenticated");
      await store.records.commit([{ op: "delete", kind: "keys", id: one.id }]);
      assert.equal(await bearer(one.key.reveal()), "unauthenticated");
    });

    it("records its use once an hour", async () => {
      const { id, key } = await keep();
      const usedAt = async () => (await store.records.get("keys", id))?.value.lastUsedAtMs;
      const first = clock.nowMs();
      await bearer(key.reveal());
      clock.advance(59 * MINUTE);
      await bearer(key.reveal());
      assert.equal(await usedAt(), first);
      clock.advance(HOUR);
      await bearer(key.reveal());
      assert.equal(await usedAt(), clock.nowMs());
    });
  });

  describe("a Google-signed ID token", () => {
    const token = "aaaa.bbbb.cccc";
    const proves = (email: string) => ({
      oauth: {
        identify: async (idToken: string, expected: { audience: readonly string[]; nonce: string | null }) => {
          assert.deepEqual(
            { idToken, expected },
            {
              idToken: token,
              expected: { audience: [environment.publicUrl, `${environment.publicUrl}/`], nonce: null },
            },
          );
          return { ok: true, identity: { sub: "1", email, hostedDomain: null } } as const;
        },
      },
    });

    it("admits the callers whose token is for our own URL", async () => {
      const email = "robot@project.iam.gserviceaccount.com";
      assert.deepEqual(await bearer(token, proves(email)), { kind: "caller", email });
    });

    it("admits nobody else, not even operators: a person's token is not a program's", async () => {
      for (const email of ["other@project.iam.gserviceaccount.com", "boss@example.com"]) {
        assert.equal(await bearer(token, proves(email)), "unauthenticated");
      }
      assert.equal(await bearer(token), "unauthenticated");
    });

    it("reports that Google cannot be reached", async () => {
      const identify = async () => ({ ok: false, reason: "unreachable", detail: "signing keys" }) as const;
      assert.equal(await bearer(token, { oauth: { identify } }), "google_unavailable");
    });
  });
});
