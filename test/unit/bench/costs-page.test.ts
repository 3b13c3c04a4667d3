import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { type CostFacts, costFacts } from "../../bench/costs/facts.ts";
import { billOf } from "../../bench/costs/month.ts";
import { costsPage, MONTHS, PAGE } from "../../bench/costs/page.ts";

describe("the page of costs", () => {
  let facts: CostFacts;
  before(async () => {
    facts = await costFacts();
  });

  it("is what the script makes of figures and prices", () => {
    assert.equal(readFileSync(PAGE, "utf8"), costsPage(facts), "write it with `node test/bench/costs.ts`");
  });

  it("changes with a price, a figure of the bench and a limit of Terraform", () => {
    const page = costsPage(facts);
    const { prices } = facts;
    const dearer = { ...prices, firestore: { ...prices.firestore, writesPer100k: 0.2 } };
    const functions = facts.functions.map((one) => ({ ...one, maxInstances: one.maxInstances + 1 }));
    for (const changed of [
      { prices: dearer },
      { usual: { ...facts.usual, writes: facts.usual.writes + 1 } },
      { cpuMsAMail: 2 * facts.cpuMsAMail },
      { functions },
      { edge: { ...facts.edge, requests: 1 } },
    ])
      assert.notEqual(costsPage({ ...facts, ...changed }), page);
  });

  it("says of each price where and when it was read", () => {
    const { currency: _, ...services } = facts.prices;
    for (const { source, read, copy } of Object.values(services)) {
      assert.match(source, /^https:\/\/\S+\.google\.com\//);
      assert.match(read, /^20\d\d-\d\d-\d\d$/);
      assert.ok(copy.length > 0);
    }
  });

  it("adds up by hand for a million mails of a thousand mailboxes", () => {
    const { firestore, pubsub, secretManager } = billOf(facts, { mails: 1e6, mailboxes: 1_000, tokens: "secrets" });
    const { usual, check } = facts;
    const reads = 1e6 * usual.reads + 30_000 * (check.reads + 1) + 43_200 * 3 + 8_640 * 3 - 1_500_000;
    const writes = 1e6 * usual.writes + 30_000 * check.writes - 600_000;
    const stored = (8_000 * 1e6) / 2 ** 30 - 1;
    const wanted = reads * 6e-7 + writes * 1.8e-6 + 1e6 * 2e-7 + stored * 0.18;
    assert.ok(Math.abs(firestore - wanted) < 0.01, `${firestore} and ${wanted}`);
    assert.equal(pubsub, 0, "3.2 GB of 10 GiB");
    const accesses = 720_000 + 30_000 - 10_000;
    assert.ok(Math.abs(secretManager - (997 * 0.06 + accesses * 3e-6)) < 0.01, String(secretManager));
  });

  it("never says that more mail, or more mailboxes with a secret each, cost less", () => {
    for (const month of MONTHS) {
      const { total } = billOf(facts, month);
      for (const more of [{ mails: 100 * month.mails }, { mailboxes: 100 * month.mailboxes }]) {
        const bill = billOf(facts, { ...month, ...more });
        assert.ok(bill.total[0] >= total[0] && bill.total[1] >= total[1], JSON.stringify({ month, more }));
      }
    }
  });
});
