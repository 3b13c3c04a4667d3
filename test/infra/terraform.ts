import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keptProviders } from "./kept-providers.ts";

const repository = new URL("../..", import.meta.url).pathname;
export const FUNCTION_NAMES = [
  "authorize-start",
  "confirm-callback",
  "mail-servers",
  "send-mail",
  "deliver-mail",
  "refresh-tokens",
  "dispatch-due",
  "mail-documents",
] as const;

const TERRAFORM = "terraform";
/** The command that runs Terraform: `TERRAFORM`, or else `terraform` from the PATH. */
export const command = process.env.TERRAFORM ?? TERRAFORM;
const CHDIR = "-chdir=";

/** Values of the root module's variables. */
export type Inputs = Readonly<Record<string, unknown>>;

export const DEFAULT_INPUTS: Inputs = {
  project_id: "relais-plan-test",
  public_url: "https://relais.example.com",
  operators: ["ada@example.com"],
  documents: { database: "app", location: "europe-west1", ttl_expire_type: "day" },
  edge: { domain: "relais.example.com", requests_per_minute: 900, sign_ins_per_minute: 45 },
  topic_publishers: ["serviceAccount:erp@relais-plan-test.iam.gserviceaccount.com"],
};

/**
 * Terraform is a program in Go, whose runs are short: a fifth of their time would go into collecting garbage that
 * nobody needs the room of. What stands in for the providers is no part of Relais, so nothing is loaded into it that
 * searches output for secrets.
 */
export const terraformEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  GOGC: "400",
  NODE_OPTIONS: "",
  TF_IN_AUTOMATION: "1",
});

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Terraform, with more variables in its environment. */
export const runTerraform = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> => {
  const usual = terraformEnvironment();
  const folder = args.find((one) => one.startsWith(CHDIR))?.slice(CHDIR.length);
  const kept = TERRAFORM === command || folder === undefined ? null : await keptProviders(command, folder, usual);
  const options = { env: { ...(kept ?? usual), ...env }, maxBuffer: 1 << 28, timeout: 300_000 };
  return new Promise((resolve) => {
    execFile(kept === null ? command : TERRAFORM, args, options, (error, stdout, stderr) =>
      resolve({
        status: error === null ? 0 : Number(error.code) || 1,
        stdout,
        stderr: stderr || (error?.message ?? ""),
      }),
    );
  });
};

interface Ended {
  readonly status: number;
  readonly output: string;
}

/** Runs Terraform in a folder, and returns all that it says. */
export const runIn = async (folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> => {
  const ran = await runTerraform([`-chdir=${folder}`, ...args], { TF_CLI_ARGS_plan: "-input=false -no-color", ...env });
  return { status: ran.status, output: ran.stdout + ran.stderr };
};

/** Replaces text in a file of the folder. Returns false if the text is not there (any more). */
export const tryEdit = (
  folder: string,
  { file, from, to }: { readonly file: string; readonly from: string; readonly to: string },
): boolean => {
  const path = join(folder, file);
  const before = readFileSync(path, "utf8");
  if (before.includes(from)) writeFileSync(path, before.replace(from, to));
  return before.includes(from);
};

/** A copy of infra/ with stub bundles, so that a plan needs no build and leaves nothing behind. */
export class InfraCopy {
  readonly directory: string;

  constructor(source?: InfraCopy) {
    this.directory = mkdtempSync(join(tmpdir(), "relais-infra-"));
    cpSync(source ? join(source.directory, "infra") : join(repository, "infra"), join(this.directory, "infra"), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => source !== undefined || !path.includes("/.terraform"),
    });
    cpSync(join(repository, "firebase.json"), join(this.directory, "firebase.json"));
    for (const name of FUNCTION_NAMES) {
      mkdirSync(join(this.directory, "dist", name), { recursive: true });
      // A copy of a copy has other modes, as a build with another umask would make them.
      const mode = source ? 0o600 : 0o644;
      writeFileSync(join(this.directory, "dist", name, "index.js"), `// ${name}\n`, { mode });
    }
  }

  /** Replaces text in a file. The text must be there, or the copy would not be broken. */
  edit(file: string, from: string, to: string): void {
    if (!tryEdit(join(this.directory, "infra"), { file, from, to }))
      throw new Error(`infra/${file} holds no ${JSON.stringify(from)}`);
  }

  async terraform(...args: readonly string[]): Promise<Ended> {
    return runIn(join(this.directory, "infra"), args);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/**
 * The plan with the names that an installation without a prefix would have, so that one set of rules fits all. Another
 * test checks that every name has the prefix.
 */
export const withoutPrefix = (plan: string, prefix: string): string =>
  prefix === ""
    ? plan
    : plan
        .replaceAll(`relais-${prefix}"`, '(default)"')
        .replaceAll(`databases/relais-${prefix}`, "databases/(default)")
        .replaceAll(`serviceAccount:${prefix}-`, "serviceAccount:relais-")
        .replaceAll(`serviceAccounts/${prefix}-`, "serviceAccounts/relais-")
        .replaceAll(`"account_id":"${prefix}-`, '"account_id":"relais-')
        .replaceAll(`${prefix}RelaisSecret`, "relaisSecret")
        .replaceAll(`Relais ${prefix}: `, "Relais: ")
        .replaceAll(new RegExp(`(?<=["/])${prefix}-`, "g"), "");

/** One planned resource. `values` are Terraform's, by attribute name; blocks are arrays. */
export interface PlannedResource {
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * The source of a resource or module call, before any value is known: what it refers to, and its other dependencies.
 */
interface Declaration {
  readonly address?: string;
  readonly mode?: string;
  readonly depends_on?: readonly string[];
  readonly expressions?: unknown;
}

/** A node in the order of creation: a resource of the root module, or a module call as a whole. */
export interface Step {
  readonly address: string;
  /**
   * Addresses of what is created before it, as far as it says so itself; dependencies through a local are not included.
   */
  readonly after: readonly string[];
  /** Of these, the ones that it waits for as a whole. What refers to an output waits only for what that is made of. */
  readonly waitsFor: readonly string[];
  /** Whether it may be encrypted with a key of one's own. */
  readonly keys: boolean;
}

/** Every `references` list in it. Terraform names each thing with and without its attribute: `a.b.id` and `a.b`. */
const referencesIn = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "references" && Array.isArray(inner) ? inner.map(String) : referencesIn(inner),
  );
};

const addressOf = (reference: string): string => reference.split(".").slice(0, 2).join(".").replace(/\[.*$/, "");

const KEYS = /^(var\.kms_keys|local\.secret_keys)/;
const KEY_GRANT = "google_kms_crypto_key_iam_member.agent";

const stepOf = (address: string, { depends_on = [], expressions }: Declaration): Step => ({
  address,
  after: [...new Set([...depends_on, ...referencesIn(expressions)].map(addressOf))],
  waitsFor: depends_on,
  keys: address !== KEY_GRANT && referencesIn(expressions).some((name) => KEYS.test(name)),
});

interface PlannedModule {
  readonly resources?: readonly PlannedResource[];
  readonly child_modules?: readonly PlannedModule[];
}

const walk = (module: PlannedModule): readonly PlannedResource[] => [
  ...(module.resources ?? []),
  ...(module.child_modules ?? []).flatMap(walk),
];

export class Plan {
  readonly resources: readonly PlannedResource[];
  /** The names of the root module's variables. */
  readonly variables: readonly string[];
  readonly outputs: readonly string[];
  readonly #outputs: Readonly<Record<string, { readonly value?: unknown } | undefined>>;
  readonly #inputs: Readonly<Record<string, { readonly value?: unknown } | undefined>>;
  /** The managed resources of the root module, and its module calls. */
  readonly steps: readonly Step[];
  readonly json: string;

  constructor(json: string) {
    this.json = json;
    const parsed: {
      readonly variables?: Readonly<Record<string, { readonly value?: unknown }>>;
      readonly planned_values: {
        readonly root_module: PlannedModule;
        readonly outputs?: Readonly<Record<string, { readonly value?: unknown }>>;
      };
      readonly configuration: {
        readonly root_module: {
          readonly resources: readonly Declaration[];
          readonly module_calls: Readonly<Record<string, Declaration>>;
        };
      };
    } = JSON.parse(json);
    this.resources = walk(parsed.planned_values.root_module);
    this.#inputs = parsed.variables ?? {};
    this.variables = Object.keys(this.#inputs);
    this.#outputs = parsed.planned_values.outputs ?? {};
    this.outputs = Object.keys(this.#outputs);
    const { resources, module_calls: modules } = parsed.configuration.root_module;
    this.steps = [
      ...resources.filter(({ mode }) => mode === "managed").map((one) => stepOf(one.address ?? "", one)),
      ...Object.entries(modules).map(([name, call]) => stepOf(`module.${name}`, call)),
    ];
  }

  /** What the plan was given as this variable, or its default. */
  input(name: string): unknown {
    return this.#inputs[name]?.value;
  }

  /** Undefined if it is known only after an apply. */
  output(name: string): unknown {
    return this.#outputs[name]?.value;
  }

  ofType(...types: readonly string[]): readonly PlannedResource[] {
    return this.resources.filter((resource) => types.includes(resource.type));
  }
}
