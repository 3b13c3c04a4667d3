import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { AUDIT_ACTIONS } from "../../functions/domain/access/audit-actions.ts";
import { type AuditFilter, listAudit } from "../../functions/domain/access/list-audit.ts";
import type { AuditEntry } from "../../functions/domain/access/records.ts";
import type { Records, Write } from "../../functions/domain/records.ts";

const ACTORS = ["olga@example.com", "ada@example.com", "key:a1", "setup-token"];
const ACTIONS = AUDIT_ACTIONS.slice(0, 3);
const TARGETS = ["srv_a", "srv_b", "settings"];
const NOW = Date.parse("2026-03-01T00:00:00Z");
/** Several at one instant. */
const TIMES = [NOW - 2, NOW - 1, NOW];

const orNull = <T>(values: readonly T[]) => fc.constantFrom(null, null, ...values);

const drawnEntry: fc.Arbitrary<AuditEntry> = fc.record({
  createdAtMs: fc.constantFrom(...TIMES),
  actor: fc.constantFrom(...ACTORS),
  action: fc.constantFrom<string>(...ACTIONS),
  target: fc.constantFrom(...TARGETS),
  detail: fc.constant({}),
  // A store may erase late, and so still hold what is past its term.
  eraseAtMs: fc.constantFrom(NOW, NOW + 1, NOW + 1, NOW + 1),
});

const drawnFilter: fc.Arbitrary<AuditFilter> = fc.record({
  actor: orNull([...ACTORS, "nobody@example.com"]),
  action: orNull(ACTIONS),
  target: orNull(TARGETS),
  afterMs: orNull(TIMES),
  beforeMs: orNull(TIMES),
});

/** The filter as its documentation says it, read off each entry without any index. */
const passes = (entry: AuditEntry, { actor, action, target, afterMs, beforeMs }: AuditFilter): boolean =>
  entry.eraseAtMs > NOW &&
  (actor === null || entry.actor === actor) &&
  (action === null || entry.action === action) &&
  (target === null || entry.target === target) &&
  (afterMs === null || entry.createdAtMs >= afterMs) &&
  (beforeMs === null || entry.createdAtMs < beforeMs);

const walk = async (records: Records, filter: AuditFilter, limit: number): Promise<string[]> => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const found = await listAudit({ records, nowMs: NOW }, filter, { limit, cursor });
    assert.ok(found !== "bad_cursor");
    assert.ok(found.items.length <= limit);
    seen.push(...found.items.map(({ id }) => id));
    cursor = found.next;
  } while (cursor !== null);
  return seen;
};

/** Every combination of filters finds, on this store, exactly what reading every entry would. */
export const auditListContract = (
  name: string,
  open: () => Promise<{ readonly records: Records; close(): Promise<void> }>,
  { filters }: { readonly filters: number },
): void => {
  describe(`the audit on ${name}`, () => {
    let store: Awaited<ReturnType<typeof open>>;
    const stored = new Map(fc.sample(drawnEntry, 80).map((entry, at) => [`aud_${at}`, entry]));
    before(async () => {
      store = await open();
      const writes: Write[] = [...stored].map(([id, value]) => ({ op: "create", kind: "audit", id, value }));
      for (let at = 0; at < writes.length; at += 20) await store.records.commit(writes.slice(at, at + 20));
    });
    after(() => store.close());

    test("holds nothing for a text that is too long to name anybody or anything", async () => {
      const none = { actor: null, action: null, target: null, afterMs: null, beforeMs: null };
      for (const text of ["x".repeat(2_000), "é".repeat(1_000)])
        for (const filter of [{ actor: text }, { target: text }])
          assert.deepEqual(await walk(store.records, { ...none, ...filter }, 50), []);
    });

    test("holds exactly what passes every filter, newest first, on pages of any size", async () => {
      await fc.assert(
        fc.asyncProperty(drawnFilter, fc.constantFrom(3, 50), async (filter, limit) => {
          const expected = [...stored]
            .filter(([, entry]) => passes(entry, filter))
            .sort(([idA, a], [idB, b]) => b.createdAtMs - a.createdAtMs || (idA < idB ? 1 : -1));
          assert.deepEqual(
            await walk(store.records, filter, limit),
            expected.map(([id]) => id),
          );
        }),
        { numRuns: filters },
      );
    });
  });
};
