import { adoptable, endangered, letFormerDatabaseGo } from "./adopt.ts";
import type { Context } from "./context.ts";
import { bucketOf, describeBucket } from "./state-bucket.ts";
import { type Change, Terraform } from "./terraform.ts";
import { makeWorkFolder, writeBackend, writeImports, writeInputs } from "./work-folder.ts";

interface Prepared {
  readonly terraform: Terraform;
  readonly infra: string;
}

/** Terraform in a folder of this installation, on the state in the bucket. Without a bucket, on an empty state. */
export const prepareTerraform = async (context: Context, dist: string): Promise<Prepared> => {
  const { root, tools, gcloud, inputs, installation } = context;
  const { project, prefix } = installation;
  const { infra } = await makeWorkFolder(root, { project, prefix, dist });
  await writeInputs(infra, project, inputs);
  const found = await describeBucket(gcloud);
  const hasState = found.ok && found.value !== null;
  await writeBackend(infra, hasState ? "gcs" : "local");
  const terraform = new Terraform(tools, infra);
  if (hasState) await terraform.init(project, prefix);
  else await terraform.initWithoutState();
  return { terraform, infra };
};

/** Plans, with everything that is there already taken over instead of made. Throws if data would be deleted. */
export const planApply = async (
  context: Context,
  { terraform, infra }: Prepared,
  { shown }: { readonly shown: boolean },
): Promise<readonly Change[]> => {
  await writeImports(infra, []);
  const first = await terraform.plan({ shown: false });
  const imports = await adoptable(context, first);
  for (const { id } of imports) context.say(`  ${id} is there already, and is taken over`);
  await writeImports(infra, imports);
  const changes = imports.length > 0 || shown ? await terraform.plan({ shown }) : first;
  const lost = endangered(changes);
  if (lost.length > 0)
    throw new Error(
      `Nothing was applied: it would delete or replace ${lost.join(", ")}, with all data in it. Undo the change of the variable that causes it; gs://${bucketOf(context.installation.project)} remembers the former values, in each version of installation.json.`,
    );
  return changes;
};

/** Lets go of the former database if the variable names another one. */
export const switchDatabase = async (context: Context, { terraform }: Prepared): Promise<void> => {
  const former = await letFormerDatabaseGo(context, terraform);
  if (former !== null)
    context.say(
      `  the database ${former} stays as it is, with its backups; from now on ${context.installation.database} is used`,
    );
};

/** How many things a plan makes, changes and removes. */
export const summaryOf = (changes: readonly Change[]): string => {
  const count = (action: string): number => changes.filter(({ change }) => change.actions.includes(action)).length;
  return `${count("create")} to make, ${count("update")} to change, ${count("delete")} to remove`;
};
