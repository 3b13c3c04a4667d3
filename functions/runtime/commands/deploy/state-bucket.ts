import * as z from "zod";
import { ok, type Result } from "../../../domain/result.ts";
import type { Gcloud, Refused } from "./gcloud.ts";
import { folderOf, type Inputs } from "./inputs.ts";

/** Project ids are worldwide, so this name is free unless somebody took it on purpose. */
export const bucketOf = (project: string): string => `${project}-relais-state`;

const bucket = z.object({
  versioning_enabled: z.boolean().default(false),
  uniform_bucket_level_access: z.boolean().default(false),
});
type Bucket = z.output<typeof bucket>;

/** Null if there is none. A refusal means that it is somebody else's, or not for this account. */
export const describeBucket = async (gcloud: Gcloud): Promise<Result<Bucket | null, Refused>> => {
  const found = await gcloud.ask(bucket, "storage", "buckets", "describe", `gs://${bucketOf(gcloud.project)}`);
  return !found.ok && /404|not found/i.test(found.problem.said) ? ok(null) : found;
};

/** Makes the bucket, or completes one whose making was interrupted. Returns what was done. */
export const ensureBucket = async (gcloud: Gcloud, region: string): Promise<string> => {
  const url = `gs://${bucketOf(gcloud.project)}`;
  const found = await describeBucket(gcloud);
  if (!found.ok) throw new Error(`${url} cannot be read: ${found.problem.said}`);
  if (found.value === null)
    await gcloud.do([
      ...["storage", "buckets", "create", url, `--location=${region}`],
      ...["--uniform-bucket-level-access", "--public-access-prevention"],
    ]);
  const versions = found.value?.versioning_enabled === true;
  if (!versions) await gcloud.do(["storage", "buckets", "update", url, "--versioning"]);
  if (found.value !== null && !found.value.uniform_bucket_level_access)
    await gcloud.do(["storage", "buckets", "update", url, "--uniform-bucket-level-access"]);
  return found.value === null ? `made ${url}` : versions ? `${url} is there` : `${url} keeps versions now`;
};

/** What a deployment leaves for the next one, beside Terraform's state. It holds no secret. */
const REMEMBERED = z.object({
  inputs: z.record(z.string(), z.unknown()),
  site: z.string().nullable(),
});
export interface Remembered {
  readonly inputs: Inputs;
  readonly site: string | null;
}

export const fileIn = (project: string, prefix: string, name: string): string =>
  `gs://${bucketOf(project)}/${folderOf({ prefix })}/${name}`;

/** A JSON file in the bucket; null only if it is certain that there is none. */
export const readFrom = async <T>(gcloud: Gcloud, schema: z.ZodType<T>, url: string): Promise<T | null> => {
  const found = await gcloud.text("storage", "cat", url);
  if (found.ok) return schema.parse(JSON.parse(found.value));
  if (/matched no objects|not found|404/i.test(found.problem.said)) return null;
  throw new Error(
    `${url} cannot be read, and without it this run would forget what was chosen before: ${found.problem.said}`,
  );
};

/** Replaces the file as a whole: an object is there with its new content or with its old one. */
export const writeTo = async (gcloud: Gcloud, url: string, value: unknown): Promise<void> => {
  await gcloud.do(["storage", "cp", "-", url], { input: `${JSON.stringify(value, null, 2)}\n` });
};

export const recall = (gcloud: Gcloud, prefix: string): Promise<Remembered | null> =>
  readFrom(gcloud, REMEMBERED, fileIn(gcloud.project, prefix, "installation.json"));

export const remember = (gcloud: Gcloud, prefix: string, remembered: Remembered): Promise<void> =>
  writeTo(gcloud, fileIn(gcloud.project, prefix, "installation.json"), remembered);
