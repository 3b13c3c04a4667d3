import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { expectEarlyCalls, takeEarlyAnswer } from "../../../functions/console/state/early.ts";

describe("an answer that was asked for before the console could run", () => {
  const early = () => {
    const [session, settings] = [Promise.resolve(new Response("1")), Promise.resolve(new Response("2"))];
    expectEarlyCalls(
      new Map([
        ["/v1/session", session],
        ["/v1/settings", settings],
      ]),
    );
    return { session, settings };
  };

  it("goes to the first part of a page that asks; the next one asks again", () => {
    const { session, settings } = early();
    assert.equal(takeEarlyAnswer("GET", "/v1/session"), session);
    assert.equal(takeEarlyAnswer("GET", "/v1/session"), undefined);
    assert.equal(takeEarlyAnswer("GET", "/v1/keys"), undefined);
    assert.equal(takeEarlyAnswer("GET", "/v1/settings"), settings);
  });

  it("is never that of a change, and is not believed after one", () => {
    early();
    assert.equal(takeEarlyAnswer("PATCH", "/v1/settings"), undefined);
    assert.equal(takeEarlyAnswer("GET", "/v1/settings"), undefined);
    assert.equal(takeEarlyAnswer("GET", "/v1/session"), undefined);
  });
});
