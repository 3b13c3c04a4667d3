import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { type ChangeDeps, changeOnCondition, conditionalWrite } from "../../../functions/domain/change-on-condition.ts";
import { Contended, Unavailable } from "../../../functions/domain/problem.ts";
import type { Records } from "../../../functions/domain/records.ts";
import type { Route } from "../../../functions/runtime/http.ts";
import { SETUP_TOKEN, serveRoutes, testSystem } from "../../builders/edge.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const store = testStore();
after(() => store.close());

const noTime: ChangeDeps = { clock: { lasting: (ms) => ms, sleep: async () => undefined }, random: testRandom };

/** Adds a number to a server's tokens the way every change of a record works: read, decide, write on condition. */
const adding = (records: Pick<Records, "get" | "commit">, id: string, generation: number, deps = noTime) =>
  changeOnCondition(deps, "add a scope", async () => {
    const before = await records.get("accessTokens", id);
    const scopes = [...(before?.value.scopes ?? []), String(generation)];
    const value = { generation, sealed: null, scopes, expiresAtMs: 0, leaseUntilMs: null };
    const outcome = await records.commit([conditionalWrite("accessTokens", { id, version: before?.version }, value)]);
    return outcome.done ? generation : ("contended" as const);
  });

const scopesOf = async (id: string): Promise<readonly string[]> =>
  (await store.records.get("accessTokens", id))?.value.scopes ?? [];

let ids = 0;
const newId = (): string => `srv_contended${++ids}`;

describe("changing a record on condition", () => {
  it("lets twelve concurrent writers of one record all succeed", async () => {
    const id = newId();
    const numbers = Array.from({ length: 12 }, (_, at) => at);
    assert.deepEqual(await Promise.all(numbers.map((number) => adding(store.records, id, number))), numbers);
    assert.deepEqual(
      (await scopesOf(id)).map(Number).toSorted((a, b) => a - b),
      numbers,
    );
  });

  it("writes each change exactly as decided, and once, however the reads and writes interleave", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 16 }), async (scheduler, count) => {
        const id = newId();
        const records = {
          get: scheduler.scheduleFunction(store.records.get.bind(store.records)) as Records["get"],
          commit: scheduler.scheduleFunction(store.records.commit.bind(store.records)),
        };
        const writers = Array.from({ length: count }, (_, number) => adding(records, id, number));
        const settled = Promise.allSettled(writers);
        await scheduler.waitFor(settled);
        const done: string[] = [];
        for (const [number, end] of (await settled).entries()) {
          if (end.status === "fulfilled") done.push(String(number));
          else assert.ok(end.reason instanceof Contended, String(end.reason));
        }
        assert.ok(done.length >= Math.min(count, 12), `${done.length} of ${count}`);
        assert.deepEqual((await scopesOf(id)).toSorted(), done.toSorted());
      }),
      { numRuns: 40 },
    );
  });

  it("ends as contended after a limited number of attempts, with pauses of random, scaled length", async () => {
    const pauses: number[] = [];
    const sleep = async (ms: number): Promise<void> => void pauses.push(ms);
    const deps = { clock: { lasting: (ms: number) => ms / 100, sleep }, random: { fraction: () => 0.5 } };
    const lost: number[] = [];
    const attempt = async (before: number): Promise<"contended"> => {
      lost.push(before);
      return "contended";
    };
    const told = await changeOnCondition(deps, "edit a mail server", attempt).catch((error: unknown) => error);
    assert.ok(told instanceof Contended && told instanceof Unavailable);
    assert.match(told.message, /edit a mail server/);
    assert.deepEqual(lost, [...lost.keys()]);
    assert.ok(lost.length >= 8, String(lost.length));
    assert.equal(pauses.length, lost.length - 1);
    assert.ok(pauses.every((ms, at) => at === 0 || ms > (pauses[at - 1] ?? 0)) && pauses.every((ms) => ms < 10));
  });

  it("stops once an attempt throws, and passes on any other outcome of an attempt", async () => {
    for (const answer of [undefined, null, false, 0, ""]) {
      assert.equal(await changeOnCondition(noTime, "x", async () => answer), answer);
    }
    let attempts = 0;
    const failing = changeOnCondition(noTime, "x", async () => {
      attempts += 1;
      throw new Unavailable("write", { cause: null });
    });
    await assert.rejects(failing, Unavailable);
    assert.equal(attempts, 1);
  });
});

describe("a request whose change is contended", () => {
  it("is answered 503 contended with Retry-After 1, and not logged as an error", async () => {
    const system = testSystem();
    const handle = async (): Promise<never> => {
      throw new Contended("edit a mail server");
    };
    const route: Route = { method: "GET", path: "/x", access: "people", handle };
    const served = await serveRoutes([route], system);
    try {
      const answer = await fetch(`${served.origin}/x`, { headers: { Authorization: `Bearer ${SETUP_TOKEN}` } });
      assert.equal(answer.status, 503);
      assert.equal(answer.headers.get("Retry-After"), "1");
      const body = (await answer.json()) as { readonly code: string; readonly retryable: boolean };
      assert.deepEqual([body.code, body.retryable], ["contended", true]);
      const ours = system.lines.filter(({ code }) => code === "write_contended" || code === "dependency_unavailable");
      assert.deepEqual(ours, [{ severity: "warn", code: "write_contended", fields: { act: "edit a mail server" } }]);
    } finally {
      await served.close();
      system.close();
    }
  });
});
