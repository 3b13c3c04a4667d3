import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { BACKEND, type StateStore } from "./state-store.ts";
import { DEFAULT_INPUTS, type InfraCopy, type Inputs, Plan, runIn, runTerraform, withoutPrefix } from "./terraform.ts";

/** An installation: its inputs beside those that every plan needs, and its folder if that is not an unchanged copy. */
export interface Installation {
  readonly inputs?: Inputs;
  readonly source?: string;
}

interface PlannedModule {
  readonly address: string;
}
interface Shown {
  readonly planned_values: {
    readonly root_module: { readonly child_modules: readonly PlannedModule[] };
    readonly outputs?: Readonly<Record<string, object>>;
  };
  readonly configuration: {
    readonly root_module: { readonly module_calls: Readonly<Record<string, { readonly module: Configuration }>> };
  };
}
interface Configuration {
  readonly variables: Readonly<Record<string, { readonly default?: unknown }>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/**
 * Installations that Terraform plans in one process, as modules of one root module: of the CPU time of a plan of one,
 * half is for the start, the schemas and reading the plan. Each is as it would be as a root module by itself.
 */
export class SideBySide {
  readonly #folder: string;
  readonly #installations: Readonly<Record<string, Installation>>;
  readonly #store: StateStore | undefined;
  #prepared: Promise<string | null> | undefined;

  /** `copy` has the bundles, in the folder where a root module of Relais looks for them. `store` is for an apply. */
  constructor(copy: InfraCopy, installations: Readonly<Record<string, Installation>>, store?: StateStore) {
    this.#folder = join(copy.directory, "side-by-side");
    this.#installations = installations;
    this.#store = store;
    const outputs = [...readFileSync(join(copy.directory, "infra/outputs.tf"), "utf8").matchAll(/^output "(\w+)"/gm)];
    const all = Object.entries(installations);
    mkdirSync(this.#folder);
    const root = {
      ...(store === undefined ? {} : BACKEND),
      // As for a root module, Terraform knows no input before it plans, and then judges all of them.
      variable: Object.fromEntries(
        all.map(([name, { inputs }]) => [name, { default: { ...DEFAULT_INPUTS, ...inputs } }]),
      ),
      module: Object.fromEntries(
        all.map(([name, { inputs, source = join(copy.directory, "infra") }]) => [
          name,
          {
            source: relative(this.#folder, source),
            ...Object.fromEntries(
              Object.keys({ ...DEFAULT_INPUTS, ...inputs }).map((input) => [input, `\${var.${name}.${input}}`]),
            ),
          },
        ]),
      ),
      output: Object.fromEntries(
        all.flatMap(([name]) =>
          outputs.map(([, output = ""]) => [`${name}-${output}`, { value: `\${module.${name}.${output}}` }]),
        ),
      ),
    };
    writeFileSync(join(this.#folder, "main.tf.json"), JSON.stringify(root));
  }

  terraform(...args: readonly string[]): ReturnType<typeof runIn> {
    return runIn(this.#folder, args, this.#store?.environment);
  }

  /** Prepares the folder once. Returns why plans are impossible here, or null. */
  prepare(): Promise<string | null> {
    const init = async () => {
      const { status, output } = await this.terraform("init", "-no-color");
      return status === 0 ? null : output.trim().split("\n").slice(-3).join(" ");
    };
    this.#prepared ??= init();
    return this.#prepared;
  }

  /** The plan of each by its name; `FILE` in the folder has it whole. */
  async plan(): Promise<ReadonlyMap<string, Plan>> {
    const unprepared = await this.prepare();
    if (unprepared !== null) throw new Error(`terraform init failed:\n${unprepared}`);
    const planned = await this.terraform("plan", `-out=${FILE}`);
    if (planned.status !== 0) throw new Error(`terraform plan failed:\n${planned.output}`);
    const { stdout } = await runTerraform([`-chdir=${this.#folder}`, "show", "-json", FILE]);
    const shown: Shown = JSON.parse(stdout.slice(stdout.indexOf("{")));
    return new Map(Object.keys(this.#installations).map((name) => [name, this.#planOf(shown, name)]));
  }

  /** The archives that the last plan made, as SHA-256 by file name. */
  archives(): Readonly<Record<string, string>> {
    const folder = join(this.#folder, ".terraform/archives");
    const sha256 = (name: string) => createHash("sha256").update(readFileSync(join(folder, name)));
    return Object.fromEntries(readdirSync(folder).map((name) => [name, sha256(name).digest("hex")]));
  }

  /** The plan of one as if it had been planned by itself. */
  #planOf({ planned_values: { root_module, outputs = {} }, configuration }: Shown, name: string): Plan {
    const { inputs = {} } = this.#installations[name] ?? {};
    const module = root_module.child_modules.find(({ address }) => address === `module.${name}`);
    const source = configuration.root_module.module_calls[name]?.module;
    if (module === undefined || source === undefined) throw new Error(`there is no module ${name} in the plan`);
    const given: Inputs = { ...DEFAULT_INPUTS, ...inputs };
    const plan = {
      variables: Object.fromEntries(
        Object.entries(source.variables).map(([variable, { default: otherwise = null }]) => [
          variable,
          { value: variable in given ? given[variable] : otherwise },
        ]),
      ),
      planned_values: {
        root_module: JSON.parse(JSON.stringify(module).replaceAll(`"address":"module.${name}.`, '"address":"')),
        outputs: Object.fromEntries(
          Object.keys(source.outputs).map((output) => [output, outputs[`${name}-${output}`] ?? {}]),
        ),
      },
      configuration: { root_module: source },
    };
    return new Plan(withoutPrefix(JSON.stringify(plan), String(given.prefix ?? "")));
  }
}

/** The name of the file of a plan. */
export const FILE = "plan.bin";

/** A folder beside infra/ with the same files, for edits. */
export const folderBeside = (copy: InfraCopy, name: string): string => {
  const folder = join(copy.directory, name);
  cpSync(join(copy.directory, "infra"), folder, { recursive: true });
  return folder;
};
