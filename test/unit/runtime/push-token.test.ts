import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { THIS_BUILD } from "../../../functions/domain/build.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import type { Environment } from "../../../functions/runtime/config-error.ts";
import { serveEvents } from "../../../functions/runtime/event-edge.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";

const ACCOUNT = "relais-push-deliver-mail@acme.iam.gserviceaccount.com";
const DEPLOYED = {
  K_SERVICE: "deliver-mail",
  GOOGLE_CLOUD_PROJECT: "acme",
  RELAIS_PUBLIC_URL: "https://relais.example.com",
  RELAIS_PUSH_ACCOUNT: ACCOUNT,
};
const CLAIMS = {
  iss: "https://accounts.google.com",
  aud: "https://deliver-mail-x7a2b3c4d5-ew.a.run.app",
  email: ACCOUNT,
  email_verified: true,
};

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
/** A token as Cloud Run passes it on: verified, and with its signature removed. */
const bearer = (payload: unknown): string =>
  `Bearer ${part({ alg: "RS256", typ: "JWT" })}.${part(payload)}.SIGNATURE_REMOVED_BY_GOOGLE`;

describe("the token of a push", () => {
  let called = 0;
  let logged: unknown[][] = [];
  const note = (...line: unknown[]): void => void logged.push(line);
  const serverFor = async (environment: Environment) => {
    const system = {
      config: loadConfig(environment),
      log: { info: note, warn: note, error: note },
      build: THIS_BUILD,
      random: systemRandom,
      clock: systemClock(),
    };
    const handler = serveEvents(async () => {
      called += 1;
      return "ack";
    }, system);
    const server = createServer(handler).listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  let server: Awaited<ReturnType<typeof serverFor>>;
  before(async () => {
    server = await serverFor(DEPLOYED);
  });
  after(() => void server.close().closeAllConnections());

  const push = async (authorization: string | undefined, to = server): Promise<number> => {
    called = 0;
    logged = [];
    const answer = await fetch(`http://127.0.0.1:${(to.address() as AddressInfo).port}/`, {
      method: "POST",
      headers: authorization === undefined ? {} : { Authorization: authorization },
      body: JSON.stringify({ message: { messageId: "1", data: "" } }),
    });
    return answer.status;
  };

  for (const [what, authorization] of [
    ["none, as an emulator's push", undefined],
    ["ours", bearer(CLAIMS)],
    [
      "ours, for the URL that holds the project's number",
      bearer({ ...CLAIMS, aud: "https://deliver-mail-123456789012.europe-west1.run.app" }),
    ],
    [
      "ours, for the URL of Cloud Functions",
      bearer({ ...CLAIMS, aud: "https://europe-west1-acme.cloudfunctions.net/deliver-mail" }),
    ],
    ["ours, with its signature", `${bearer(CLAIMS).slice(0, -27)}c2lnbmF0dXJl`],
  ] as const) {
    it(`accepts a push with this token: ${what}`, async () => {
      assert.equal(await push(authorization), 204);
      assert.deepEqual([called, logged], [1, []]);
    });
  }

  for (const [what, authorization, because] of [
    ["for another function", bearer({ ...CLAIMS, aud: "https://refresh-tokens-x7a2b3c4d5-ew.a.run.app" }), "audience"],
    [
      "for a function whose name begins alike",
      bearer({ ...CLAIMS, aud: "https://deliver-mailer.a.run.app" }),
      "audience",
    ],
    ["for another website", bearer({ ...CLAIMS, aud: "https://example.com/" }), "audience"],
    ["for ours by plain http", bearer({ ...CLAIMS, aud: CLAIMS.aud.replace("https", "http") }), "audience"],
    ["for an OAuth client", bearer({ ...CLAIMS, aud: "1234.apps.googleusercontent.com" }), "audience"],
    [
      "of a sibling's push account",
      bearer({ ...CLAIMS, email: ACCOUNT.replace("deliver-mail", "dispatch-due") }),
      "account",
    ],
    ["of the function's own account", bearer({ ...CLAIMS, email: ACCOUNT.replace("push-", "") }), "account"],
    ["of a person", bearer({ ...CLAIMS, email: "ada@example.com" }), "account"],
    ["of an address that was not proven", bearer({ ...CLAIMS, email_verified: false }), "token"],
    ["without an address", bearer({ ...CLAIMS, email: undefined }), "token"],
    ["without an audience", bearer({ ...CLAIMS, aud: undefined }), "token"],
    ["that is no object", bearer("x"), "token"],
    ["that is no JSON", "Bearer e30.e30e30.x", "token"],
    ["that is no JWT", "Bearer x", "token"],
    ["of another scheme", `Basic ${part("a:b")}`, "token"],
    ["that is empty", "Bearer", "token"],
  ] as const) {
    it(`refuses a push with a token ${what}, says why, and calls no handler`, async () => {
      assert.equal(await push(authorization), 403);
      assert.deepEqual([called, logged], [0, [["push_refused", { because }]]]);
    });
  }

  it("checks no account if none is configured, and no audience outside Google Cloud", async () => {
    for (const [environment, claims] of [
      [
        { ...DEPLOYED, RELAIS_PUSH_ACCOUNT: "" },
        { ...CLAIMS, email: "other@acme.iam.gserviceaccount.com" },
      ],
      [{}, { ...CLAIMS, aud: "https://example.com" }],
    ] as const) {
      const other = await serverFor(environment);
      assert.equal(await push(bearer(claims), other), 204);
      other.close().closeAllConnections();
    }
  });
});
