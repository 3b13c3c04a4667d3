import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { fail, ok, type Result } from "../../../domain/result.ts";
import type { Inputs } from "./inputs.ts";

/** What `npm run deploy` may be asked to do. */
export type Deed = "deploy" | "plan" | "destroy" | "rollback";

export interface DeployOptions {
  readonly deed: Deed;
  readonly project: string;
  readonly prefix: string;
  /** Given now; what was given before is remembered beside Terraform's state. */
  readonly inputs: Inputs;
  readonly site: string | null;
  /** The share of requests, in per cent, that each new function gets at first; null: all functions change at once. */
  readonly canary: number | null;
  /** How long each share is watched. */
  readonly watchS: number;
  /** A folder with what `npm run build` makes; null: it is built. */
  readonly dist: string | null;
  /** Who gets a mail that proves the way; null: nobody. */
  readonly mailTo: string | null;
  readonly deleteData: boolean;
  readonly confirmed: string | null;
}

export const USAGE = `npm run deploy -- --project PROJECT --url https://… --operator you@your-domain
  --url URL            the origin that browsers use: https://PROJECT.web.app, or a domain connected to Hosting
  --operator ADDRESS   who administers Relais (may be repeated)
  --region REGION      europe-west1 unless you say otherwise
  --prefix NAME        lets several installations share a project
  --database ID        the database with the records, if the default one is taken
  --public-access HOW  all_users, or invoker_check_off where a policy forbids allUsers
  --set NAME=VALUE     any other variable of infra/variables.tf, VALUE as JSON or text (may be repeated)
  --site SITE          the Hosting site, if its name is neither in the URL nor the project's
  --plan               shows what would change, and changes nothing
  --canary PERCENT     exchanges one function after another, each with this share of the requests first
  --watch SECONDS      how long each share is watched (60)
  --mail-to ADDRESS    sends a mail at the end, which proves the way
  --dist DIR           deploys what is built there, instead of building
  --rollback           gives all requests back to the functions of the deployment before
  --destroy            removes what costs and runs, and keeps the data; with --delete-data --confirm PROJECT, the data too
From the second time on, only --project (and --prefix) is needed: the rest is remembered.`;

const FLAGS = {
  project: { type: "string" },
  url: { type: "string" },
  operator: { type: "string", multiple: true },
  region: { type: "string" },
  prefix: { type: "string" },
  database: { type: "string" },
  "public-access": { type: "string" },
  set: { type: "string", multiple: true },
  site: { type: "string" },
  plan: { type: "boolean" },
  canary: { type: "string" },
  watch: { type: "string" },
  "mail-to": { type: "string" },
  dist: { type: "string" },
  rollback: { type: "boolean" },
  destroy: { type: "boolean" },
  "delete-data": { type: "boolean" },
  confirm: { type: "string" },
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], options: FLAGS, strict: true });
type Values = ReturnType<typeof parse>["values"];

/** JSON as it is; anything else is text, so that nobody has to quote quotes. */
const parsedValue = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Which option names which variable. */
const VARIABLES = {
  url: "public_url",
  operator: "operators",
  region: "region",
  prefix: "prefix",
  database: "firestore_database",
  "public-access": "public_access",
} as const satisfies Partial<Record<keyof Values, string>>;

/** The option of each variable that has one, the project's included. */
const OPTIONS: ReadonlyMap<string, string> = new Map([
  ["project_id", "project"],
  ...Object.entries(VARIABLES).map(([option, variable]) => [variable, option] as const),
]);

/** The argument that gives a variable this value. */
export const argumentFor = (variable: string, value: string): string => {
  const option = OPTIONS.get(variable);
  return option === undefined ? `--set ${variable}=${value}` : `--${option} ${value}`;
};

const inputsOf = (values: Values): Inputs => {
  const named = Object.entries(VARIABLES).flatMap(([option, variable]) => {
    const given = values[option as keyof typeof VARIABLES];
    return given === undefined ? [] : [[variable, given] as const];
  });
  const set = (values.set ?? []).map((one): readonly [string, unknown] => {
    const at = one.indexOf("=");
    return [one.slice(0, at), parsedValue(one.slice(at + 1))];
  });
  return Object.fromEntries([...named, ...set]);
};

const wholeNumber = (text: string | undefined, least: number, most: number): number | null => {
  const number = Number(text);
  return text !== undefined && Number.isInteger(number) && number >= least && number <= most ? number : null;
};

const PROJECT = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

/**
 * An option does more than its variable: the prefix, for one, also says which installation is meant, and with two
 * answers to that a run would mix two installations.
 */
const setInVain = (given: string): readonly string[] => {
  if (!/^[a-z_]+=/.test(given)) return [`--set ${given}: write it as NAME=VALUE, with a name of infra/variables.tf`];
  const [variable = ""] = given.split("=");
  return OPTIONS.has(variable) ? [`--set ${given}: write it as ${argumentFor(variable, "…")}`] : [];
};

const mistakesIn = (values: Values): readonly string[] => {
  const deeds = ["plan", "rollback", "destroy"] as const;
  return [
    ...(PROJECT.test(values.project ?? "") ? [] : ["--project must be a project's id, such as my-project-42"]),
    ...(values.url === undefined || /^https:\/\/[^/]+$/.test(values.url)
      ? []
      : ["--url must be an https origin without a path or trailing slash"]),
    ...(values.set ?? []).flatMap(setInVain),
    ...(values.canary === undefined || wholeNumber(values.canary, 1, 99) !== null
      ? []
      : ["--canary must be a whole number of per cent, from 1 to 99"]),
    ...(values.watch === undefined || wholeNumber(values.watch, 0, 3600) !== null
      ? []
      : ["--watch must be a whole number of seconds, up to 3600"]),
    ...(deeds.filter((deed) => values[deed] === true).length > 1
      ? ["--plan, --rollback and --destroy exclude each other"]
      : []),
    ...(values["delete-data"] === true && values.destroy !== true ? ["--delete-data belongs to --destroy"] : []),
  ];
};

const deedOf = ({ plan, rollback, destroy }: Values): Deed =>
  plan === true ? "plan" : rollback === true ? "rollback" : destroy === true ? "destroy" : "deploy";

/** Lists all mistakes at once. */
export const parseOptions = (args: readonly string[]): Result<DeployOptions, readonly string[]> => {
  let values: Values;
  try {
    values = parse(args).values;
  } catch (error) {
    return fail([error instanceof Error ? error.message : String(error)]);
  }
  const mistakes = mistakesIn(values);
  if (mistakes.length > 0) return fail(mistakes);
  return ok({
    deed: deedOf(values),
    project: values.project ?? "",
    prefix: values.prefix ?? "",
    inputs: inputsOf(values),
    site: values.site ?? null,
    canary: wholeNumber(values.canary, 1, 99),
    watchS: wholeNumber(values.watch, 0, 3600) ?? 60,
    dist: values.dist === undefined ? null : resolve(values.dist),
    mailTo: values["mail-to"] ?? null,
    deleteData: values["delete-data"] === true,
    confirmed: values.confirm ?? null,
  });
};
