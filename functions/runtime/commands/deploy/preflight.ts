import { checkPolicies } from "./checks/policies.ts";
import { checkApis, checkBilling, checkHosting, checkProject, enabledApis } from "./checks/project.ts";
import { checkQuotas } from "./checks/quotas.ts";
import { checkBucket, checkDatabase, checkRegion } from "./checks/stores.ts";
import { checkSignIns, checkTools } from "./checks/tools.ts";
import type { Context } from "./context.ts";
import type { Obstacle } from "./obstacles.ts";
import type { Remembered } from "./state-bucket.ts";

/** Asks what must be there first: without a tool, a sign-in or the project itself, other answers would be noise. */
export const whatKeepsFromAsking = async ({
  tools,
  gcloud,
}: Pick<Context, "tools" | "gcloud">): Promise<readonly Obstacle[]> => {
  const missing = await checkTools(tools);
  if (missing.some(({ code }) => code === "tool_missing")) return missing;
  const signedOut = await checkSignIns(tools, gcloud);
  const unseen = signedOut.length === 0 ? await checkProject({ gcloud }) : [];
  return [...missing, ...signedOut, ...unseen];
};

/** Finds every obstacle at once, and changes nothing. */
export const preflight = async (context: Context, remembered: Remembered | null): Promise<readonly Obstacle[]> => {
  const enabled = await enabledApis(context);
  const none = async (): Promise<readonly Obstacle[]> => [];
  const on = (api: string, check: typeof checkPolicies) => (enabled.has(api) ? check(context) : none());
  const found = await Promise.all([
    checkApis(context.installation.project, enabled),
    checkBilling(context),
    checkHosting(context),
    on("orgpolicy.googleapis.com", checkPolicies),
    on("cloudquotas.googleapis.com", checkQuotas),
    on("firestore.googleapis.com", checkDatabase),
    checkBucket(context),
    checkRegion(context, remembered),
  ]);
  return found.flat();
};
