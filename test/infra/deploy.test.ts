import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { letFormerDatabaseGo } from "../../functions/runtime/commands/deploy/adopt.ts";
import { planApply, prepareTerraform, summaryOf } from "../../functions/runtime/commands/deploy/apply.ts";
import { type Context, contextOf } from "../../functions/runtime/commands/deploy/context.ts";
import { hostingConfiguration } from "../../functions/runtime/commands/deploy/hosting.ts";
import { parseOptions } from "../../functions/runtime/commands/deploy/options.ts";
import type { Tools } from "../../functions/runtime/commands/deploy/tools.ts";
import { readyProject } from "../integration/deploy/cloud.ts";
import { StandIns } from "../integration/deploy/stand-ins.ts";
import { missing } from "./first-plan.ts";
import { BACKEND, StateStore } from "./state-store.ts";
import { FUNCTION_NAMES, runTerraform } from "./terraform.ts";

const root = join(import.meta.dirname, "../..");
const PROJECT = "relais-real-plan";

suite("A deployment with Terraform itself", { skip: missing ?? false }, () => {
  let standIns: StandIns;
  let store: StateStore;
  const folder = mkdtempSync(join(tmpdir(), "relais-real-"));
  before(async () => {
    for (const name of FUNCTION_NAMES) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "index.js"), `// ${name}\n`);
    }
    store = await StateStore.start();
    standIns = await StandIns.start({ ...readyProject(), project: PROJECT });
    // What a former installation has left, for Terraform to take over.
    const { cloud } = standIns;
    cloud.databases.push({
      id: "(default)",
      type: "FIRESTORE_NATIVE",
      locationId: "eur3",
      protected: true,
      indexes: [],
    });
    cloud.secrets["relais-key-ring"] = ["x"];
    cloud.buckets[`${PROJECT}-relais-state`] = { versioning: true, uniform: true, objects: {} };
  });
  after(async () => {
    await standIns.close();
    store.close();
    rmSync(folder, { recursive: true });
  });

  /** Terraform as the suite has it, on a state here instead of the bucket; the others are stand-ins. */
  const tools = (): Tools => {
    return {
      run: (tool, args, options) => {
        if (tool !== "terraform") return standIns.tools.run(tool, args, options);
        const [chdir = ""] = args;
        writeFileSync(join(chdir.slice("-chdir=".length), "backend_override.tf.json"), JSON.stringify(BACKEND));
        const kept = args.filter((one) => !one.startsWith("-backend-config"));
        return runTerraform(kept, { TF_INPUT: "0", ...store.environment });
      },
    };
  };

  const context = (): Context => {
    const url = ["--url", "https://relais.example.com", "--operator", "ada@example.com"];
    const parsed = parseOptions(["--project", PROJECT, ...url, "--region", "europe-west9", "--dist", folder]);
    assert.ok(parsed.ok);
    const surroundings = { tools: tools(), root, say: () => undefined, wait: async () => undefined };
    const made = contextOf(surroundings, parsed.value, null);
    assert.ok(made.ok);
    return made.value;
  };

  test("plans with what is there taken over, applies once, and then plans nothing", async () => {
    const prepared = await prepareTerraform(context(), folder);
    const changes = await planApply(context(), prepared, { shown: false });
    const made = changes.filter(({ change }) => change.actions.includes("create")).map(({ address }) => address);
    assert.ok(made.includes('module.function["deliver-mail"].google_cloudfunctions2_function.this'));
    assert.ok(!made.includes("google_firestore_database.records"));
    assert.ok(!made.includes('google_secret_manager_secret.this["key-ring"]'));
    await prepared.terraform.apply();

    const outputs = await prepared.terraform.outputs();
    // mail-documents is made only where somebody asks for it.
    const usual = FUNCTION_NAMES.filter((name) => name !== "mail-documents");
    assert.deepEqual(Object.keys(outputs.services).toSorted(), usual.toSorted());
    assert.deepEqual([outputs.database, outputs.setupToken], ["(default)", "relais-setup-token"]);
    const own = readFileSync(join(root, "firebase.json"), "utf8");
    assert.match(hostingConfiguration(own, outputs, "relais"), /"serviceId": "send-mail",\s*"region": "europe-west9"/);

    const again = await planApply(context(), prepared, { shown: false });
    assert.equal(summaryOf(again), "0 to make, 0 to change, 0 to remove");

    // Another database takes its place: the former one goes as a whole, untouched, and everything else stays.
    const installation = { ...context().installation, database: "relais-beside" };
    assert.equal(await letFormerDatabaseGo({ installation }, prepared.terraform), "(default)");
    const left = await prepared.terraform.resources();
    assert.deepEqual(
      left.filter(({ type }) => type.startsWith("google_firestore_")),
      [],
    );
    assert.ok(left.length > 20, `${left.length}`);
  });
});
