import * as z from "zod";
import type { Context } from "../context.ts";
import { askFirebase } from "../gcloud.ts";
import { type Obstacle, obstacle } from "../obstacles.ts";

/** What preflight and Terraform ask before anything else. The deployment switches on the others itself. */
export const FIRST_APIS = [
  "cloudquotas.googleapis.com",
  "cloudresourcemanager.googleapis.com",
  "iam.googleapis.com",
  "orgpolicy.googleapis.com",
  "serviceusage.googleapis.com",
] as const;

const project = z.object({ projectId: z.string(), lifecycleState: z.string() });
const billing = z.object({ billingEnabled: z.boolean().default(false) });
const services = z.array(z.object({ config: z.object({ name: z.string() }) }));

/** Nothing else can be asked about a project that is not there. */
export const checkProject = async ({ gcloud }: Pick<Context, "gcloud">): Promise<readonly Obstacle[]> => {
  const found = await gcloud.ask(project, "projects", "describe", gcloud.project);
  if (found.ok && found.value.lifecycleState === "ACTIVE") return [];
  const said = found.ok ? found.value.lifecycleState : found.problem.said;
  return [obstacle("project_unseen", { project: gcloud.project, said })];
};

export const checkBilling = async ({ gcloud }: Pick<Context, "gcloud">): Promise<readonly Obstacle[]> => {
  const found = await gcloud.ask(billing, "billing", "projects", "describe", gcloud.project);
  if (!found.ok) {
    const { said } = found.problem;
    return [obstacle("not_answered", { what: "Billing", said, role: "roles/browser" })];
  }
  return found.value.billingEnabled ? [] : [obstacle("billing_off", { project: gcloud.project })];
};

/** The APIs that are on. */
export const enabledApis = async ({ gcloud }: Pick<Context, "gcloud">): Promise<ReadonlySet<string>> => {
  const found = await gcloud.ask(services, "services", "list", "--enabled");
  return new Set(found.ok ? found.value.map(({ config }) => config.name) : []);
};

export const checkApis = (projectId: string, enabled: ReadonlySet<string>): readonly Obstacle[] => {
  const apis = FIRST_APIS.filter((api) => !enabled.has(api));
  return apis.length === 0 ? [] : [obstacle("apis_off", { project: projectId, apis })];
};

const firebaseProjects = z.array(z.object({ projectId: z.string() }));
const hostingSites = z.object({ sites: z.array(z.object({ name: z.string() })) });

export const checkHosting = async ({ tools, installation }: Context): Promise<readonly Obstacle[]> => {
  const { project: id, site } = installation;
  const projects = await askFirebase(tools, firebaseProjects, "projects:list");
  if (!projects.ok) {
    const { said } = projects.problem;
    return [obstacle("not_answered", { what: "Firebase", said, role: "roles/firebase.viewer" })];
  }
  if (!projects.value.some(({ projectId }) => projectId === id))
    return [obstacle("firebase_not_added", { project: id })];
  const sites = await askFirebase(tools, hostingSites, "hosting:sites:list", "--project", id);
  if (!sites.ok) {
    const { said } = sites.problem;
    return [obstacle("not_answered", { what: "Hosting", said, role: "roles/firebasehosting.admin" })];
  }
  const known = sites.value.sites.some(({ name }) => name.split("/").at(-1) === site);
  return known ? [] : [obstacle("site_missing", { project: id, site })];
};
