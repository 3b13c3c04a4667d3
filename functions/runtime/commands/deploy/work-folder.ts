import { cp, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderOf, type Inputs } from "./inputs.ts";

/** What Terraform has downloaded, and the versions that it has chosen. */
const SURVIVES = [".terraform", ".terraform.lock.hcl"];

/** What Terraform does not read. */
const LEFT_OUT = ["build", "decisions", "tests"];

export interface WorkFolder {
  /** Where Terraform runs. */
  readonly infra: string;
}

/**
 * Copies infra/ to a folder of this installation, beside a link to what was built. So nothing that a deployment writes
 * lies in infra/, and several installations never share a backend. The state is in the bucket.
 */
export const makeWorkFolder = async (
  root: string,
  { project, prefix, dist }: { readonly project: string; readonly prefix: string; readonly dist: string },
): Promise<WorkFolder> => {
  const folder = join(dist, "deploy", project, folderOf({ prefix }));
  const infra = join(folder, "infra");
  await mkdir(infra, { recursive: true });
  for (const name of await readdir(infra))
    if (!SURVIVES.includes(name)) await rm(join(infra, name), { recursive: true });
  for (const name of await readdir(join(root, "infra")))
    if (!LEFT_OUT.includes(name) && !/^\.terraform$|\.tfstate|\.tfvars|_override\.tf$|^backend\.tf$/.test(name))
      await cp(join(root, "infra", name), join(infra, name), { recursive: true });
  await cp(join(root, "firebase.json"), join(folder, "firebase.json"));
  await rm(join(folder, "dist"), { force: true });
  await symlink(dist, join(folder, "dist"));
  return { infra };
};

export const writeInputs = (infra: string, project: string, inputs: Inputs): Promise<void> =>
  writeFile(
    join(infra, "installation.auto.tfvars.json"),
    `${JSON.stringify({ ...inputs, project_id: project }, null, 2)}\n`,
  );

/** With a bucket, its state; without one, an empty state on this machine, for a plan that changes nothing. */
export const writeBackend = (infra: string, kind: "gcs" | "local"): Promise<void> =>
  writeFile(join(infra, "backend.tf"), `terraform {\n  backend "${kind}" {}\n}\n`);

interface Import {
  readonly address: string;
  readonly id: string;
}

/** Terraform takes these over in the next apply instead of making them. */
export const writeImports = (infra: string, imports: readonly Import[]): Promise<void> =>
  writeFile(
    join(infra, "imports.tf"),
    imports.map(({ address, id }) => `import {\n  to = ${address}\n  id = ${JSON.stringify(id)}\n}\n`).join("\n"),
  );
