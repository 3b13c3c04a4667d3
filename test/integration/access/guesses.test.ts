import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { routes } from "../../../functions/runtime/handlers/mail-servers.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { type Api, type Caller, SETUP_TOKEN, startApi } from "../../builders/api.ts";
import { eventually } from "../../builders/eventually.ts";

const FAKE_KEY = `rk_${"0".repeat(18)}_${"guess".repeat(8)}abc`;

/** Everything that a guess may look like, and how its refusal is logged. */
const GUESSES: Readonly<Record<string, string>> = {
  "guess-of-a-setup-token-0123456789": "setup_token",
  [`${SETUP_TOKEN}x`]: "setup_token",
  [SETUP_TOKEN.slice(0, -1)]: "setup_token",
  rk_0000000000_guess: "api_key",
  [FAKE_KEY]: "api_key",
  "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.guess": "id_token",
};

describe("invalid credentials", () => {
  let api: Api;
  let key: Caller;
  let sleep = systemClock().sleep;
  /** Waits that a test controls. */
  const waits: { readonly ms: number; readonly end: () => void }[] = [];
  before(async () => {
    // Google's keys are available, and did not sign this.
    const identify = async () => ({ ok: false, reason: "unproven", detail: "signature" }) as const;
    api = await startApi(routes, {}, ({ oauth, clock }) => ({
      oauth: { ...oauth, identify },
      clock: { ...clock, sleep: (ms, signal) => sleep(ms, signal) },
    }));
    const made = await api.setup("POST", "/v1/keys", { body: { name: "k", permissions: ["send"] } });
    key = api.bearer(String((made.body as { key: string }).key));
  });
  after(() => api.close());

  const refusals = () =>
    api.logLines.map((line) => JSON.parse(line)).filter(({ code }) => code === "credential_refused");

  it("are logged by their kind, never by their text, wherever they are used", async () => {
    for (const [at, [guess, credential]] of Object.entries(GUESSES).entries()) {
      const path = ["/v1/session", "/v1/nowhere", "/health"][at % 3] ?? "";
      const before = refusals().length;
      const answer = await api.bearer(guess)("GET", path);
      assert.equal(answer.status, path === "/health" ? 200 : 401);
      const [line, ...more] = refusals().slice(before);
      assert.deepEqual([line?.credential, line?.count, more], [credential, 1, []], guess);
    }
    const before = refusals().length;
    await api.nobody("POST", "/v1/session", { body: { setupToken: "guess-number-one-0123456789" } });
    assert.equal(refusals().length, before + 1);
    const nothingGuessed: readonly Readonly<Record<string, string>>[] = [
      {},
      { Authorization: "Basic Z3Vlc3M6Z3Vlc3M=" },
      { Cookie: "__session=guess" },
    ];
    for (const headers of nothingGuessed) {
      await api.nobody("GET", "/v1/session", { headers });
    }
    await key("GET", "/v1/session");
    assert.equal(refusals().length, before + 1, "nobody and a good key are no guess");
    const log = api.logLines.join("\n");
    assert.doesNotMatch(log, /guess|eyJ/);
    assert.ok(!log.includes(SETUP_TOKEN.slice(0, -1)));
    assert.ok(log.includes(`"key":"${"0".repeat(18)}"`), "the public half of a key names its program");
  });

  it("get slower, while valid ones are answered beside any number of them", { timeout: 120_000 }, async () => {
    const guess = async (n: number): Promise<void> => {
      const setupToken = `guess-number-${n}-0123456789`;
      await (n % 2 === 0
        ? api.bearer(setupToken)("GET", "/v1/session")
        : api.nobody("POST", "/v1/session", { body: { setupToken } }));
    };
    let answered = 0;
    sleep = (ms) => new Promise((resolve) => waits.push({ ms, end: resolve }));
    const guesses = Array.from({ length: 40 }, (_, n) => guess(n).then(() => (answered += 1)));
    // Only the guesses' own waits keep these from being answered, and nobody ends those before.
    for (let n = 0; n < 5; n += 1) {
      assert.equal((await api.setup("GET", "/v1/session")).status, 200);
      assert.equal((await key("GET", "/v1/session")).status, 200);
      assert.equal((await api.nobody("POST", "/v1/session", { body: { setupToken: SETUP_TOKEN } })).status, 204);
    }
    await eventually("the guesses that have no place to wait are answered", () => answered >= 32);
    assert.equal(waits.length, 8);
    for (const { end } of waits.splice(0)) end();
    await Promise.all(guesses);
    const next = guess(41);
    const { ms, end } = await eventually("the next guess waits", () => waits[0]);
    end();
    await next;
    assert.ok(ms > 300, `the guesses before have made this one wait ${ms} ms`);
  });
});
