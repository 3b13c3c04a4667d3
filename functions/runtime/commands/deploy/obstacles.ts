import { argumentFor } from "./options.ts";

/** Something that stands in the way of a deployment: what it is, and the commands that mend it. */
export interface Obstacle {
  readonly code: ObstacleCode;
  readonly says: string;
  readonly mend: readonly string[];
}

const POLICY_PAGE = "https://cloud.google.com/resource-manager/docs/organization-policy/creating-managing-policies";

/** An administrator of the organization lifts a policy for one project. */
const lift = (project: string, constraint: string): string =>
  `printf 'name: projects/${project}/policies/${constraint}\\nspec:\\n  rules:\\n  - allowAll: true\\n' > policy.yaml && gcloud org-policies set-policy policy.yaml   # an administrator of the organization: ${POLICY_PAGE}`;

const unenforce = (project: string, constraint: string): string =>
  `printf 'name: projects/${project}/policies/${constraint}\\nspec:\\n  rules:\\n  - enforce: false\\n' > policy.yaml && gcloud org-policies set-policy policy.yaml   # an administrator of the organization: ${POLICY_PAGE}`;

const again = (project: string, more: string): string => `npm run deploy -- --project ${project} ${more}`;

/** Where each tool comes from. */
const INSTALL: Readonly<Record<string, string>> = {
  gcloud: "install it from https://cloud.google.com/sdk/docs/install",
  terraform: "install it from https://developer.hashicorp.com/terraform/install",
  firebase: "npm install --global firebase-tools",
};

const UPDATE: Readonly<Record<string, string>> = { ...INSTALL, gcloud: "gcloud components update" };

/** One table of everything that preflight may find, so that none lacks its command. */
export const OBSTACLES = {
  tool_missing: ({ tool }: { tool: string }) => ({
    says: `${tool} is not installed. Google's Cloud Shell (https://shell.cloud.google.com) has all that is needed.`,
    mend: [INSTALL[tool] ?? ""],
  }),
  tool_too_old: ({ tool, has, needs }: { tool: string; has: string; needs: string }) => ({
    says: `${tool} is ${has}; ${needs} or later is needed.`,
    mend: [UPDATE[tool] ?? ""],
  }),
  gcloud_signed_out: () => ({ says: "gcloud is signed in to no account.", mend: ["gcloud auth login"] }),
  no_application_credentials: ({ project }: { project: string }) => ({
    says: "Terraform finds no credentials of yours.",
    mend: ["gcloud auth application-default login", `gcloud auth application-default set-quota-project ${project}`],
  }),
  firebase_signed_out: () => ({ says: "The Firebase CLI is signed in to no account.", mend: ["firebase login"] }),
  project_unseen: ({ project, said }: { project: string; said: string }) => ({
    says: `Project ${project} does not exist, or your account may not see it (${said}).`,
    mend: ["gcloud projects list", `gcloud projects create ${project}`],
  }),
  billing_off: ({ project }: { project: string }) => ({
    says: `Project ${project} has no billing account, and Google builds and runs no function without one.`,
    mend: ["gcloud billing accounts list", `gcloud billing projects link ${project} --billing-account=ACCOUNT_ID`],
  }),
  apis_off: ({ project, apis }: { project: string; apis: readonly string[] }) => ({
    says: `These APIs must be on before anything can be checked or planned: ${apis.join(", ")}.`,
    mend: [`gcloud services enable ${apis.join(" ")} --project=${project}`],
  }),
  firebase_not_added: ({ project }: { project: string }) => ({
    says: `Firebase is not added to project ${project}, and Hosting needs it.`,
    mend: [`firebase projects:addfirebase ${project}`],
  }),
  site_missing: ({ project, site }: { project: string; site: string }) => ({
    says: `Project ${project} has no Hosting site ${site}.`,
    mend: [`firebase hosting:sites:create ${site} --project ${project}`],
  }),
  members_refused: ({ project, constraint }: { project: string; constraint: string }) => ({
    says: `A policy (${constraint}) forbids allUsers, and Hosting calls four functions without credentials. Relais itself decides who may do what.`,
    mend: [again(project, "--public-access invoker_check_off"), lift(project, constraint)],
  }),
  invoker_check_enforced: ({ project }: { project: string }) => ({
    says: "A policy (run.managed.requireInvokerIam) forbids switching off Cloud Run's own check of callers.",
    mend: [again(project, "--public-access all_users"), unenforce(project, "run.managed.requireInvokerIam")],
  }),
  place_refused: ({ project, place, variable }: { project: string; place: string; variable: string }) => ({
    says: `A policy (gcp.resourceLocations) refuses ${place}, the value of ${variable}.`,
    mend: [
      again(project, `${argumentFor(variable, "…")}   # a place that the policy allows`),
      lift(project, "gcp.resourceLocations"),
    ],
  }),
  secrets_need_places: ({ project, region }: { project: string; region: string }) => ({
    says: "A policy (gcp.resourceLocations) refuses secrets that Google may store anywhere.",
    mend: [again(project, `--set 'secret_locations=["${region}"]'`)],
  }),
  ingress_refused: ({ project, constraint, needs }: { project: string; constraint: string; needs: string }) => ({
    says: `A policy (${constraint}) refuses ${needs}, and the functions need it.`,
    mend: [lift(project, constraint)],
  }),
  load_balancer_refused: ({ project, constraint }: { project: string; constraint: string }) => ({
    says: `A policy (${constraint}) refuses the load balancer in front that \`edge\` asks for.`,
    mend: [
      again(project, "--set edge=null --url https://…   # Hosting in front, without a load balancer"),
      constraint.includes("disable") ? unenforce(project, constraint) : lift(project, constraint),
    ],
  }),
  accounts_refused: ({ project }: { project: string }) => ({
    says: "A policy (iam.disableServiceAccountCreation) forbids service accounts, and each function has its own.",
    mend: [unenforce(project, "iam.disableServiceAccountCreation")],
  }),
  quota_too_small: ({ project, region, quota, needs, has, smaller }: QuotaGap) => ({
    says: `Cloud Run's quota ${quota} in ${region} is ${has}; all functions together may need up to ${needs}.`,
    mend: [
      ...(smaller === null ? [] : [again(project, `--set 'functions=${JSON.stringify(smaller)}'`)]),
      `gcloud beta quotas preferences create --service=run.googleapis.com --project=${project} --quota-id=${quota} --dimensions=region=${region} --preferred-value=${needs}`,
    ],
  }),
  database_of_other_type: ({ project, database, type }: { project: string; database: string; type: string }) => ({
    says: `The database ${database} is there already and is of the type ${type}. Relais needs FIRESTORE_NATIVE.`,
    mend: [again(project, "--database relais")],
  }),
  database_elsewhere: ({ project, database, is, wanted }: DatabaseElsewhere) => ({
    says: `The database ${database} is there already, in ${is} instead of ${wanted}, and cannot move.`,
    mend: [again(project, `--set firestore_location=${is}`), again(project, "--database relais")],
  }),
  region_changed: ({ project, was, wanted }: { project: string; was: string; wanted: string }) => ({
    says: `This installation is in ${was}, and cannot move to ${wanted}: everything would be made again, under the same names.`,
    mend: [again(project, `--region ${was}`), again(project, `--region ${wanted} --prefix NAME --url https://…`)],
  }),
  bucket_taken: ({ bucket, said }: { bucket: string; said: string }) => ({
    says: `The bucket gs://${bucket}, for Terraform's state, cannot be read (${said}).`,
    mend: [`gcloud storage buckets describe gs://${bucket}`],
  }),
  not_answered: ({ what, said, role }: { what: string; said: string; role: string }) => ({
    says: `${what} could not be checked: ${said}`,
    mend: [`ask for ${role} on the project (infra/DEPLOYER.md lists the roles), and run the command again`],
  }),
} as const satisfies Readonly<Record<string, (given: never) => Omit<Obstacle, "code">>>;

interface QuotaGap {
  readonly project: string;
  readonly region: string;
  readonly quota: string;
  readonly needs: number;
  readonly has: number;
  /** Sizes of functions that fit it together; null if there are none. */
  readonly smaller: Readonly<Record<string, { readonly max_instances: number }>> | null;
}

interface DatabaseElsewhere {
  readonly project: string;
  readonly database: string;
  readonly is: string;
  readonly wanted: string;
}

export type ObstacleCode = keyof typeof OBSTACLES;

export const obstacle = <C extends ObstacleCode>(code: C, given: Parameters<(typeof OBSTACLES)[C]>[0]): Obstacle => {
  const describe: (given: never) => Omit<Obstacle, "code"> = OBSTACLES[code];
  return { code, ...describe(given as never) };
};

/** As people read it: each obstacle, and under it what mends it. */
export const describeObstacles = (obstacles: readonly Obstacle[]): string =>
  obstacles
    .map(({ says, mend }, at) => `${at + 1}. ${says}\n${mend.map((one) => `     ${one}`).join("\n")}`)
    .join("\n");
