import * as z from "zod";

/** Values of Terraform's variables (infra/variables.tf), by name. Terraform checks their types. */
export type Inputs = Readonly<Record<string, unknown>>;

const size = z.object({
  memory: z.string().nullish(),
  cpu: z.string().nullish(),
  max_instances: z.number().nullish(),
});

/** What a deployment itself must know of them, with the defaults of infra/variables.tf (a test compares). */
const KNOWN = z.object({
  prefix: z.string().default(""),
  region: z.string().default("europe-west1"),
  firestore_database: z.string().nullish(),
  firestore_location: z.string().default("eur3"),
  secret_locations: z.array(z.string()).default([]),
  public_url: z.string(),
  operators: z.array(z.string()),
  public_access: z.enum(["all_users", "invoker_check_off"]).default("all_users"),
  ingress: z.enum(["ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB"]).nullish(),
  documents: z.looseObject({}).nullable().default(null),
  edge: z.looseObject({ domain: z.string() }).nullable().default(null),
  functions: z.record(z.string(), size).default({}),
});

export interface Installation extends Omit<z.output<typeof KNOWN>, "ingress"> {
  readonly project: string;
  readonly ingress: "ALLOW_ALL" | "ALLOW_INTERNAL_AND_GCLB";
  readonly database: string;
  /** The Hosting site that serves `public_url`. */
  readonly site: string;
}

/** The database that infra/names.tf chooses. */
const databaseOf = ({ prefix, firestore_database: given }: z.output<typeof KNOWN>): string =>
  given ?? (prefix === "" ? "(default)" : `relais-${prefix}`);

/** From where infra/edge.tf lets the public functions be called: nobody goes round a load balancer in front. */
const ingressOf = ({ ingress, edge }: z.output<typeof KNOWN>): Installation["ingress"] =>
  ingress ?? (edge === null ? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB");

const HOSTED = /^https:\/\/([a-z0-9-]+)\.(web\.app|firebaseapp\.com)$/;

/** The mistakes are those that keep a deployment from knowing what to do; Terraform finds the others. */
export const installationOf = (project: string, inputs: Inputs, site: string | null): Installation | z.ZodError => {
  const known = KNOWN.safeParse(inputs);
  if (!known.success) return known.error;
  const { data } = known;
  return {
    ...data,
    project,
    database: databaseOf(data),
    ingress: ingressOf(data),
    site: site ?? HOSTED.exec(data.public_url)?.[1] ?? project,
  };
};

/** The folder of an installation in the bucket of states, and in `dist/deploy/`. */
export const folderOf = ({ prefix }: Pick<Installation, "prefix">): string => (prefix === "" ? "relais" : prefix);
