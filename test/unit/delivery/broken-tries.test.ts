import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import type { DeliveryDeps } from "../../../functions/domain/messages/delivery-deps.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { type Delivery, delivery, refuses, SERVER } from "../../builders/delivery.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const down = new Unavailable("read a secret", { cause: new Error("down") });
const live = async (): Promise<number> => (await stack.deps.records.get("quotas", SERVER))?.value.live.length ?? 0;

/** What breaks, by name: the worker fails on this message, and nothing of it is sent. */
const BREAKS: readonly (readonly [what: string, deps: () => Partial<DeliveryDeps>, problem: string])[] = [
  [
    "a vault that cannot be reached",
    () => ({ accessTokens: { obtain: async () => Promise.reject(down) } }),
    "unavailable",
  ],
  [
    "a defect in making the mail",
    () => ({ composeMime: async () => Promise.reject(new TypeError("x")) }),
    "internal_error",
  ],
];

for (const [what, broken, problem] of BREAKS) {
  test(`${what} costs a message one attempt and the account no place: after eight such mails the ninth is sent`, async () => {
    const deps = { ...stack.deps, ...broken() };
    for (let n = 0; n < 8; n += 1) {
      await stack.accept(`msg_${n}`);
      await assert.rejects(deliverMessage(deps, `msg_${n}`));
      const { status, attempts } = await stack.message(`msg_${n}`);
      assert.equal(status, "deferred");
      assert.deepEqual(
        attempts.map((attempt) => attempt.problem),
        [problem],
      );
    }
    assert.equal(await live(), 0);
    await stack.accept("msg_ninth");
    await deliverMessage(stack.deps, "msg_ninth");
    assert.equal((await stack.message("msg_ninth")).status, "sent");
    stack.clock.advance(2 * MINUTE);
    await dispatchDue(stack.deps);
    for (const id of stack.published()) await deliverMessage(stack.deps, id);
    assert.equal((await stack.message("msg_0")).status, "sent");
  });
}

test("a token that is refused after the mark and cannot be replaced just now leaves no message in doubt", async () => {
  await stack.setServer({ transport: "gmail_api" });
  await stack.accept("msg_a");
  stack.gmail = async (mail, beforeData, token) => {
    await beforeData();
    return refuses("auth", 401)(mail, beforeData, token);
  };
  const obtain: DeliveryDeps["accessTokens"]["obtain"] = async (_server, unlike) =>
    unlike === undefined ? stack.token(null) : Promise.reject(down);
  await assert.rejects(deliverMessage({ ...stack.deps, accessTokens: { obtain } }, "msg_a"), Unavailable);
  assert.equal((await stack.message("msg_a")).status, "deferred");
});

test("a note on the server that cannot be written after a refusal leaves no message in doubt", async () => {
  await stack.setServer({ transport: "gmail_api" });
  const { records } = stack.deps;
  let refused = false;
  stack.gmail = async (mail, beforeData, token) => {
    await beforeData();
    refused = true;
    return refuses("auth", 403)(mail, beforeData, token);
  };
  const get: typeof records.get = async (kind, id) => {
    if (refused && kind === "mailServers") throw down;
    return records.get(kind, id);
  };
  const flaky = { get, query: records.query.bind(records), commit: records.commit.bind(records) };
  const auth = { atMs: 0, outcome: "deferred", smtp: null, problem: "auth_refused" } as const;
  await stack.accept("msg_b", { attempts: [auth, auth] });
  await assert.rejects(deliverMessage({ ...stack.deps, records: flaky }, "msg_b"), Unavailable);
  assert.equal((await stack.message("msg_b")).status, "deferred");
});

test("a transport that throws after the mark leaves the message in doubt, never unsent", async () => {
  await stack.accept("msg_a");
  stack.gmail = async (_mail, beforeData) => {
    await beforeData([]);
    throw new TypeError("x");
  };
  await assert.rejects(deliverMessage(stack.deps, "msg_a"), TypeError);
  stack.clock.advance(10 * MINUTE);
  await dispatchDue(stack.deps);
  assert.equal((await stack.message("msg_a")).status, "unknown");
});
