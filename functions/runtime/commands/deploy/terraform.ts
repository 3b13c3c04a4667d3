import { join } from "node:path";
import * as z from "zod";
import { fileIn } from "./state-bucket.ts";
import { mustRun, type Ran, ToolFailed, type Tools } from "./tools.ts";

const value = z.record(z.string(), z.unknown());
const change = z.object({
  address: z.string(),
  type: z.string(),
  change: z.object({ actions: z.array(z.string()), after: value.nullable().default(null) }),
});
export type Change = z.output<typeof change>;

const plan = z.object({ resource_changes: z.array(change).default([]) });
const resource = z.object({ address: z.string(), type: z.string(), values: value });
const state = z.object({
  values: z.object({ root_module: z.object({ resources: z.array(resource).default([]) }) }).optional(),
});

/** What Relais's outputs say (infra/outputs.tf). */
const OUTPUTS = z.object({
  hosting: z.object({ value: z.object({ region: z.string(), services: z.record(z.string(), z.string()) }) }),
  names: z.object({
    value: z.object({
      services: z.record(z.string(), z.string()),
      database: z.string(),
      secrets: z.record(z.string(), z.string()),
    }),
  }),
  services_without_invoker_check: z.object({ value: z.array(z.string()) }),
  environment: z.object({ value: z.record(z.string(), z.string()) }),
  // A deployment of a former release has none.
  edge: z.object({ value: z.object({ address: z.string(), certificate: z.string() }).nullable() }).optional(),
});

export interface Outputs {
  readonly region: string;
  /** The Cloud Run service of each function, and of each function that people and programs call. */
  readonly services: Readonly<Record<string, string>>;
  readonly publicServices: Readonly<Record<string, string>>;
  readonly database: string;
  readonly setupToken: string;
  readonly withoutInvokerCheck: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The load balancer in front; null: Hosting is. */
  readonly edge: { readonly address: string; readonly certificate: string } | null;
}

const LOCKED = /Error acquiring the state lock[\s\S]*?ID:\s+(\S+)[\s\S]*?Who:\s+(\S+)/;

/** Another run may hold the lock for a while; one that was killed holds it for good. */
const explain = (folder: string, args: readonly string[], ran: Ran): Error => {
  const [, id, who] = LOCKED.exec(ran.stderr) ?? [];
  if (id === undefined) return new ToolFailed("terraform", args, ran);
  return new Error(
    `Terraform's state is locked by ${who}. If that run still goes on, wait for it. If it was killed, unlock the state and run this command again:\n     terraform -chdir=${folder} force-unlock -force ${id}`,
  );
};

/** Terraform in the folder of one installation. */
export class Terraform {
  readonly #tools: Tools;
  readonly #folder: string;

  constructor(tools: Tools, folder: string) {
    this.#tools = tools;
    this.#folder = folder;
  }

  async #run(args: readonly string[], shown: boolean): Promise<string> {
    const all = [`-chdir=${this.#folder}`, ...args];
    const ran = await this.#tools.run("terraform", all, { shown });
    if (ran.status !== 0) throw explain(this.#folder, all, ran);
    return ran.stdout;
  }

  async init(project: string, prefix: string): Promise<void> {
    const state = new URL(fileIn(project, prefix, "terraform"));
    const backend = [`bucket=${state.host}`, `prefix=${state.pathname.slice(1)}`];
    await this.#run(["init", "-input=false", "-reconfigure", ...backend.map((one) => `-backend-config=${one}`)], false);
  }

  async initWithoutState(): Promise<void> {
    await this.#run(["init", "-input=false", "-reconfigure"], false);
  }

  /** Plans into a file, and returns what would change. */
  async plan({ shown }: { readonly shown: boolean }): Promise<readonly Change[]> {
    await this.#run(["plan", "-input=false", "-lock-timeout=120s", "-out=plan.bin"], shown);
    return plan.parse(JSON.parse(await this.#run(["show", "-json", "plan.bin"], false))).resource_changes;
  }

  /** Applies exactly what was planned. */
  async apply(): Promise<void> {
    await this.#run(["apply", "-input=false", "-lock-timeout=120s", "plan.bin"], true);
  }

  async resources(): Promise<readonly z.output<typeof resource>[]> {
    const shown = state.parse(JSON.parse(await this.#run(["show", "-json"], false)));
    return shown.values?.root_module.resources ?? [];
  }

  /** Lets resources go without touching them. */
  async forget(addresses: readonly string[]): Promise<void> {
    if (addresses.length > 0) await this.#run(["state", "rm", "-lock-timeout=120s", ...addresses], false);
  }

  async destroy(): Promise<void> {
    await this.#run(["destroy", "-input=false", "-lock-timeout=120s", "-auto-approve"], true);
  }

  /** Null before the first deployment. */
  async formerOutputs(): Promise<Outputs | null> {
    const found: unknown = JSON.parse(await this.#run(["output", "-json"], false));
    return Object.keys(Object(found)).length === 0 ? null : outputsFrom(found);
  }

  async outputs(): Promise<Outputs> {
    const found = await this.formerOutputs();
    if (found === null) throw new Error("Terraform's state knows no deployment of Relais.");
    return found;
  }
}

const outputsFrom = (json: unknown): Outputs => {
  const found = OUTPUTS.parse(json);
  return {
    region: found.hosting.value.region,
    services: found.names.value.services,
    publicServices: found.hosting.value.services,
    database: found.names.value.database,
    setupToken: found.names.value.secrets["setup-token"] ?? "",
    withoutInvokerCheck: found.services_without_invoker_check.value,
    environment: found.environment.value,
    edge: found.edge?.value ?? null,
  };
};

/** Builds every function, and the console. */
export const build = (tools: Tools, root: string): Promise<string> =>
  mustRun(tools, "node", [join(root, "infra/build/build.ts")], { shown: true });
