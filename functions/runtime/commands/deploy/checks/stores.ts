import * as z from "zod";
import type { Context } from "../context.ts";
import { type Obstacle, obstacle } from "../obstacles.ts";
import { bucketOf, describeBucket, type Remembered } from "../state-bucket.ts";

const databases = z.array(z.object({ name: z.string(), type: z.string(), locationId: z.string() }));

/** A database keeps its type and its place, so one that is there already must fit. */
export const checkDatabase = async ({ gcloud, installation }: Context): Promise<readonly Obstacle[]> => {
  const { project, database, firestore_location: wanted } = installation;
  const found = await gcloud.ask(databases, "firestore", "databases", "list");
  if (!found.ok) {
    const { said } = found.problem;
    return [obstacle("not_answered", { what: "Firestore", said, role: "roles/datastore.owner" })];
  }
  const there = found.value.find(({ name }) => name.endsWith(`/databases/${database}`));
  if (there === undefined) return [];
  const { type, locationId: is } = there;
  return [
    ...(type === "FIRESTORE_NATIVE" ? [] : [obstacle("database_of_other_type", { project, database, type })]),
    ...(is === wanted ? [] : [obstacle("database_elsewhere", { project, database, is, wanted })]),
  ];
};

/** Bucket names are worldwide, so somebody else may have ours. */
export const checkBucket = async ({ gcloud }: Pick<Context, "gcloud">): Promise<readonly Obstacle[]> => {
  const found = await describeBucket(gcloud);
  return found.ok ? [] : [obstacle("bucket_taken", { bucket: bucketOf(gcloud.project), said: found.problem.said })];
};

export const checkRegion = ({ installation }: Context, remembered: Remembered | null): readonly Obstacle[] => {
  const { project, region: wanted } = installation;
  const was = remembered?.inputs.region ?? "europe-west1";
  if (remembered === null || typeof was !== "string" || was === wanted) return [];
  return [obstacle("region_changed", { project, was, wanted })];
};
