import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ok } from "../../../functions/domain/result.ts";
import { adoptable } from "../../../functions/runtime/commands/deploy/adopt.ts";
import { ADOPTABLE } from "../../../functions/runtime/commands/deploy/adoptable.ts";
import type { Context } from "../../../functions/runtime/commands/deploy/context.ts";
import type { Change } from "../../../functions/runtime/commands/deploy/terraform.ts";

const P = "projects/p";
const link = (kind: string, name: string) => ({
  name,
  selfLink: `https://www.googleapis.com/compute/v1/${P}/global/${kind}/${name}`,
});
const titled = (kind: string, displayName: string) => ({ displayName, name: `${P}/${kind}/17` });

type Values = Readonly<Record<string, unknown>>;

/** What Terraform plans, what gcloud lists of it, and the id by which Terraform imports it. */
const CASES: Readonly<Record<string, readonly [wanted: Values, listed: Values, id: string]>> = {
  google_project_iam_custom_role: [
    { role_id: "relaisSecretCreator" },
    { name: `${P}/roles/relaisSecretCreator` },
    `${P}/roles/relaisSecretCreator`,
  ],
  google_firestore_backup_schedule: [
    { daily_recurrence: [{}] },
    { name: `${P}/databases/d/backupSchedules/b`, dailyRecurrence: {} },
    `${P}/databases/d/backupSchedules/b`,
  ],
  google_monitoring_alert_policy: [
    { display_name: "Relais: quota" },
    titled("alertPolicies", "Relais: quota"),
    `${P}/alertPolicies/17`,
  ],
  google_monitoring_dashboard: [
    { dashboard_json: JSON.stringify({ displayName: "Relais", gridLayout: {} }) },
    titled("dashboards", "Relais"),
    `${P}/dashboards/17`,
  ],
  google_billing_budget: [
    { display_name: "Relais" },
    { displayName: "Relais", name: "billingAccounts/0A/budgets/b" },
    "billingAccounts/0A/budgets/b",
  ],
  google_compute_url_map: [{ name: "relais-edge" }, link("urlMaps", "relais-edge"), `${P}/global/urlMaps/relais-edge`],
};

const contextThatLists = (listed: readonly unknown[], asked: string[]): Context => {
  const gcloud = {
    ask: async (_schema: unknown, ...args: readonly string[]) => {
      asked.push(args.join(" "));
      return ok(listed);
    },
  };
  const installation = { database: "d", region: "europe-west1" };
  return { gcloud, installation, inputs: { budget: { billing_account: "0A" } } } as unknown as Context;
};
const create = (type: string, after: Values): Change => ({
  address: `${type}.one`,
  type,
  change: { actions: ["create"], after },
});

suite("What is taken over if Terraform's state was lost", () => {
  for (const [type, [wanted, listed, id]] of Object.entries(CASES))
    test(`${type}, and no other of its kind`, async () => {
      const asked: string[] = [];
      const [other] = Object.values(CASES).filter((one) => one[0] !== wanted && !("daily_recurrence" in one[0]));
      const context = contextThatLists([{ name: "something", displayName: "else" }, listed], asked);
      assert.deepEqual(await adoptable(context, [create(type, wanted)]), [{ address: `${type}.one`, id }]);
      assert.equal(asked.length, 1);
      const others = contextThatLists(other === undefined ? [] : [other[1]], []);
      assert.deepEqual(await adoptable(others, [create(type, wanted)]), []);
    });

  test("asks for each type with a command of its own", async () => {
    const asked: string[] = [];
    const changes = Object.keys(ADOPTABLE).map((type) => create(type, {}));
    await adoptable(contextThatLists([], asked), changes);
    assert.equal(new Set(asked).size, changes.length);
    assert.ok(asked.includes("billing budgets list --billing-account=0A"));
  });
});
