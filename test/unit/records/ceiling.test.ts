import assert from "node:assert/strict";
import { test } from "node:test";
import { QUERIES, type QueryName, type QueryShape } from "../../../functions/domain/queries.ts";
import { SHARDS, shardOf } from "../../../functions/domain/shards.ts";
import { indexCeilings } from "../../builders/index-ceilings.ts";

const LEAST_CEILING = 5_000;

test("no index keeps an installation below 5,000 mails a second", async () => {
  const ceilings = await indexCeilings();
  const perMail = (name: QueryName) => ceilings.find((one) => one.name === name)?.writes ?? 0;
  assert.ok(perMail("messagesDue") >= 4, "each move of a mail is written where it is due");
  assert.equal(perMail("messagesNewest"), 1);
  assert.ok(perMail("talliesDue") >= 1);
  // What names a server is bounded by what one account may send: Gmail takes 2,000 mails a day of it.
  const low = ceilings.filter(({ ceiling, ofOneServer }) => !ofOneServer && ceiling < LEAST_CEILING);
  assert.deepEqual(low, []);
  for (const { name, ceiling } of ceilings.filter(({ ofOneServer }) => ofOneServer)) assert.ok(ceiling > 100, name);
});

test("what is due and what a mail does not touch alone may stand in an index without shards", () => {
  const unsharded = (Object.keys(QUERIES) as readonly QueryName[]).filter((name) => {
    const { equal, shards }: QueryShape = QUERIES[name];
    return shards === undefined && !equal.includes("serverId");
  });
  // Written by what people do, once per server and check, or (tallies) per server and hour.
  assert.deepEqual(unsharded, [
    "serversByAge",
    "serversByUsername",
    "serversByAccount",
    "serversDueForCheck",
    "secretSweepsDue",
    "sessionsOfMailbox",
    "sessionsOfAccount",
    "sessionsByAge",
    "keysByAge",
    "auditNewest",
    "auditByActor",
    "auditByAction",
    "auditByTarget",
    "talliesOf",
  ]);
});

for (const field of ["listShard", "dueShard"] as const)
  test(`ids are spread evenly over ${field}`, () => {
    const counts = new Array<number>(SHARDS[field]).fill(0);
    const each = 200;
    for (let n = 0; n < each * counts.length; n += 1) {
      const shard = shardOf(field, `msg_${(n * 2_654_435_761).toString(36)}`);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    assert.ok(Math.max(...counts) < 1.4 * each, String(counts));
    assert.ok(Math.min(...counts) > 0.6 * each, String(counts));
  });
