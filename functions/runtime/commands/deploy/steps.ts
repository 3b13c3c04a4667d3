import { join } from "node:path";
import type { Build } from "../../../domain/build.ts";
import { Secret } from "../../../domain/secret.ts";
import { sourceBuild } from "../../local/source-build.ts";
import { planApply, prepareTerraform, summaryOf, switchDatabase } from "./apply.ts";
import { enabledApis, FIRST_APIS } from "./checks/project.ts";
import type { Context } from "./context.ts";
import { ensureConsoleGroup, removeConsoleGroup, whyNoCertificate } from "./edge.ts";
import { deployHosting, liveVersion, restoreVersion } from "./hosting.ts";
import { inOrder, noteFormer, pin, type RollOut, rollBack, rollOutInOrder, writeRollOut } from "./rollout.ts";
import { smokeTest } from "./smoke.ts";
import { ensureBucket, remember } from "./state-bucket.ts";
import { build, type Outputs } from "./terraform.ts";
import { writeInputs } from "./work-folder.ts";

/** Services whose own account must exist before Terraform can grant it anything; the others only with keys. */
const AGENTS = ["pubsub.googleapis.com"] as const;
const AGENTS_WITH_KEYS = [
  "artifactregistry.googleapis.com",
  "cloudfunctions.googleapis.com",
  "firestore.googleapis.com",
  "run.googleapis.com",
  "secretmanager.googleapis.com",
] as const;

/** What Terraform needs before its own list of APIs takes effect. */
const APIS = [...FIRST_APIS, "pubsub.googleapis.com", "storage.googleapis.com", "firebasehosting.googleapis.com"];

export const switchOnApis = async (context: Context): Promise<void> => {
  const on = await enabledApis(context);
  const agents = context.inputs.kms_keys === undefined ? AGENTS : [...AGENTS, ...AGENTS_WITH_KEYS];
  const edge = context.installation.edge === null ? [] : ["compute.googleapis.com"];
  const off = [...new Set([...APIS, ...edge, ...agents])].filter((api) => !on.has(api));
  context.say(off.length === 0 ? "APIs: all that Terraform needs are on" : `APIs: switching on ${off.join(", ")}`);
  if (off.length > 0) await context.gcloud.do(["services", "enable", ...off]);
  for (const agent of agents) await context.gcloud.do(["beta", "services", "identity", "create", `--service=${agent}`]);
};

export const ensureState = async (context: Context): Promise<void> => {
  const { region, prefix, site } = context.installation;
  context.say(`State: ${await ensureBucket(context.gcloud, region)}`);
  await remember(context.gcloud, prefix, { inputs: context.inputs, site });
};

/** The folder of what is deployed, and the build in it if this command made it. */
export interface Built {
  readonly dist: string;
  readonly build: Build | null;
}

export const ensureBuilt = async ({ root, tools, options, say }: Context): Promise<Built> => {
  if (options.dist !== null) {
    say(`Build: taking what is in ${options.dist}`);
    return { dist: options.dist, build: null };
  }
  const made = sourceBuild(root, process.env.RELAIS_COMMIT || null);
  say(`Build: version ${made.version}, commit ${made.commit}`);
  await build(tools, root);
  return { dist: join(root, "dist"), build: made };
};

const setupTokenOf = async ({ gcloud }: Context, { setupToken }: Outputs): Promise<Secret | null> => {
  const found = await gcloud.text("secrets", "versions", "access", "latest", `--secret=${setupToken}`);
  return found.ok ? new Secret(found.value.trim()) : null;
};

/** Cloud Run's own check of callers cannot be switched off by Terraform. */
const switchOffInvokerChecks = async ({ gcloud }: Context, { withoutInvokerCheck, region }: Outputs): Promise<void> => {
  for (const name of withoutInvokerCheck)
    await gcloud.do(["run", "services", "update", name, `--region=${region}`, "--no-invoker-iam-check"]);
};

const smoke = async (context: Context, outputs: Outputs, expected: Build | null): Promise<string | null> => {
  const { installation, options, say, wait } = context;
  const setupToken = await setupTokenOf(context, outputs);
  return smokeTest({ url: installation.public_url, expected, setupToken, mailTo: options.mailTo, say, wait });
};

/** Applies the plan; with `--canary`, the new functions get no request yet. Returns the way back, if there is one. */
const applyAll = async (context: Context, { dist }: Built) => {
  const prepared = await prepareTerraform(context, dist);
  await switchDatabase(context, prepared);
  const former = await prepared.terraform.formerOutputs();
  const { project } = context.installation;
  // Never remembered: the next deployment decides again.
  if (former !== null && context.options.canary !== null)
    await writeInputs(prepared.infra, project, { ...context.inputs, hold_traffic: true });
  const changes = await planApply(context, prepared, { shown: false });
  context.say(`Terraform: ${summaryOf(changes)}`);
  const services = former === null ? [] : inOrder(former.services);
  const rollOut =
    former === null
      ? null
      : await noteFormer(context, {
          region: former.region,
          services,
          console: () => liveVersion(context, former),
        });
  if (rollOut !== null && context.options.canary !== null) await pin(context, rollOut, former?.region ?? "");
  await ensureConsoleGroup(context);
  await prepared.terraform.apply();
  const outputs = await prepared.terraform.outputs();
  if (former !== null && former.edge !== null && outputs.edge === null) await removeConsoleGroup(context);
  await switchOffInvokerChecks(context, outputs);
  return { outputs, rollOut };
};

/** One function after another; back to the former ones at the first sign that something is wrong. */
const exchangeAll = async (context: Context, outputs: Outputs, rollOut: RollOut, canary: number): Promise<void> => {
  context.say(`Roll-out: one function after another, ${canary} % first`);
  const services = inOrder(outputs.services);
  // While functions of two releases answer, either commit is right.
  const why = await rollOutInOrder(context, rollOut, {
    region: outputs.region,
    canary,
    services,
    smoke: () => smoke(context, outputs, null),
  });
  if (why === null) return;
  context.say("Roll-back: something is wrong with the new release");
  await goBack(context, outputs, rollOut);
  throw new Error(`The former functions serve again, because of ${why}`);
};

export const goBack = (context: Context, { region }: Outputs, rollOut: RollOut): Promise<void> =>
  rollBack(context, rollOut, { region, restoreConsole: (version) => restoreVersion(context, version) });

/** From an empty project or a former release to one that serves. */
export const deployAll = async (context: Context): Promise<void> => {
  await switchOnApis(context);
  await ensureState(context);
  const built = await ensureBuilt(context);
  const { outputs, rollOut } = await applyAll(context, built);
  const { canary } = context.options;
  if (rollOut !== null && canary !== null) await exchangeAll(context, outputs, rollOut, canary);
  context.say(`Hosting: publishing the console on the site ${context.installation.site}`);
  await deployHosting(context, outputs, built.dist);
  const unproven = await whyNoCertificate(context, outputs);
  if (unproven !== null) throw new Error(`Everything is deployed, but ${unproven}`);
  context.say("Smoke test:");
  const why = await smoke(context, outputs, built.build);
  if (why !== null)
    throw new Error(`Everything is deployed, but ${why}. Look at the functions' log, or go back: --rollback`);
  if (rollOut !== null) await writeRollOut(context, { ...rollOut, state: "done" });
  await sayHowToGoOn(context, outputs);
};

const sayHowToGoOn = async (context: Context, outputs: Outputs): Promise<void> => {
  const { public_url: url } = context.installation;
  const token = await setupTokenOf(context, outputs);
  context.say(
    `\nRelais is up at ${url}. Open this link, and follow Setup (it is valid until an operator has signed in):`,
  );
  // The link is shown on purpose, only here: whoever deploys becomes the first operator with it.
  context.say(`  ${url}/${token === null ? "" : `#setup=${token.reveal()}`}`);
};
