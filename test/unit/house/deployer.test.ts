import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { SIZES } from "../../../functions/runtime/commands/deploy/checks/quotas.ts";
import { DEPLOYER_ROLES, deployerPage } from "../../../functions/runtime/commands/deploy/deployer-roles.ts";
import { installationOf } from "../../../functions/runtime/commands/deploy/inputs.ts";
import { ROLL_OUT_ORDER } from "../../../functions/runtime/commands/deploy/rollout.ts";
import { deployableFunctions } from "../../../infra/build/repository.ts";

const root = join(import.meta.dirname, "../../..");
const infra = (file: string): string => readFileSync(join(root, "infra", file), "utf8");

suite("What a deployment knows of infra/", () => {
  test("the page of the deployer's roles is the one that `node infra/build/deployer.ts` writes", () => {
    assert.equal(infra("DEPLOYER.md"), deployerPage());
  });

  test("lists each role once", () => {
    const roles = DEPLOYER_ROLES.map(({ role }) => role);
    assert.deepEqual(roles, [...new Set(roles)]);
  });

  test("has Terraform's defaults", () => {
    const defaults = installationOf("relais-test", { public_url: "https://x.web.app", operators: [] }, null);
    assert.ok(!(defaults instanceof Error));
    const text = infra("variables.tf");
    for (const [name, value] of Object.entries({
      prefix: defaults.prefix,
      region: defaults.region,
      firestore_location: defaults.firestore_location,
      public_access: defaults.public_access,
    })) {
      const declared = new RegExp(`^variable "${name}" \\{[\\s\\S]*?^  default     = "(.*)"$`, "m").exec(text)?.[1];
      assert.equal(declared, value, name);
    }
    assert.equal(defaults.site, "x");
  });

  test("opens the functions as infra/edge.tf does, and shows the load balancer the site", () => {
    const ingressFor = (inputs: object) => {
      const made = installationOf("relais-test", { public_url: "https://x.example", operators: [], ...inputs }, null);
      return made instanceof Error ? null : made.ingress;
    };
    const edge = { domain: "x.example" };
    assert.deepEqual(
      [ingressFor({}), ingressFor({ edge }), ingressFor({ edge, ingress: "ALLOW_ALL" })],
      ["ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB", "ALLOW_ALL"],
    );
    assert.match(
      infra("edge.tf"),
      /coalesce\(var\.ingress, var\.edge == null \? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB"\)/,
    );
  });

  test("names the same database as infra/names.tf", () => {
    const databaseFor = (inputs: object) => {
      const made = installationOf("relais-test", { public_url: "https://x.example", operators: [], ...inputs }, null);
      return made instanceof Error ? null : made.database;
    };
    assert.deepEqual(
      [databaseFor({}), databaseFor({ prefix: "eu" }), databaseFor({ firestore_database: "other" })],
      ["(default)", "relais-eu", "other"],
    );
    assert.match(
      infra("names.tf"),
      /coalesce\(var\.firestore_database, var\.prefix == "" \? "\(default\)" : "relais-\$\{var\.prefix\}"\)/,
    );
  });

  test("knows the size of every function", () => {
    const map =
      /^ {2}functions = merge\(local\.document_functions, \{\n([\s\S]*?)^ {2}\}/m.exec(infra("functions.tf"))?.[1] ??
      "";
    const ofDocuments = /^ {6}mail-documents = \{[\s\S]*?^ {6}\}/m.exec(infra("documents.tf"))?.[0] ?? "";
    const all = `${map}${ofDocuments.replaceAll(/^ {2}/gm, "")}`;
    const found = [...all.matchAll(/^ {4}([\w-]+)\s*= \{([\s\S]*?)^ {4}\}/gm)].map(([, name = "", body = ""]) => {
      const value = (key: string): string => new RegExp(`${key}\\s*= "?([\\w.]+)`).exec(body)?.[1] ?? "";
      const memory = value("memory");
      return [
        name,
        {
          cpu: Number(value("cpu")),
          mebibytes: Number.parseInt(memory, 10) * (memory.endsWith("Gi") ? 1024 : 1),
          instances: Number(value("max_instances")),
        },
      ];
    });
    assert.deepEqual(SIZES, Object.fromEntries(found));
  });

  test("rolls out every function, and no other", () => {
    const known: readonly string[] = ROLL_OUT_ORDER;
    for (const name of deployableFunctions()) assert.ok(known.includes(name), name);
  });

  test("uses commands and flags of gcloud that the installed gcloud knows", (t) => {
    const tree = "/usr/lib/google-cloud-sdk/data/cli/gcloud_completions.py";
    if (!existsSync(tree)) return t.skip("gcloud's own list of commands is not here");
    interface Node {
      readonly commands: Readonly<Record<string, Node>>;
      readonly flags: Readonly<Record<string, unknown>>;
    }
    const text = readFileSync(tree, "utf8");
    const all: Node = JSON.parse(text.slice(text.indexOf("{")));
    const used: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(
      readFileSync(join(root, "test/integration/deploy/gcloud-commands.json"), "utf8"),
    );
    // Younger than the gcloud of June 2025: docs.cloud.google.com/sdk/gcloud/reference/firestore/databases/clone
    const younger = ["firestore databases clone"];
    for (const [command, flags] of Object.entries(used)) {
      const node = command.split(" ").reduce<Node | undefined>((at, word) => at?.commands[word], all);
      if (node === undefined && younger.includes(command)) continue;
      assert.ok(node, `gcloud ${command}`);
      for (const [flag, kind] of Object.entries(flags)) {
        assert.ok(flag in node.flags, `gcloud ${command} ${flag}`);
        assert.equal(node.flags[flag] === "bool" ? "bool" : "value", kind, `gcloud ${command} ${flag}`);
      }
    }
  });
});
