import * as z from "zod";
import type { Context } from "../context.ts";
import type { Installation } from "../inputs.ts";
import { type Obstacle, obstacle } from "../obstacles.ts";

interface Size {
  readonly cpu: number;
  readonly mebibytes: number;
  readonly instances: number;
}

/** Only with `documents`. */
const OF_DOCUMENTS = "mail-documents";

/** The sizes in infra/functions.tf and infra/documents.tf, which a test compares with the plan. */
export const SIZES: Readonly<Record<string, Size>> = {
  "authorize-start": { cpu: 1, mebibytes: 256, instances: 2 },
  "confirm-callback": { cpu: 1, mebibytes: 256, instances: 2 },
  "mail-servers": { cpu: 1, mebibytes: 512, instances: 2 },
  "send-mail": { cpu: 1, mebibytes: 1024, instances: 4 },
  "deliver-mail": { cpu: 1, mebibytes: 2048, instances: 4 },
  "refresh-tokens": { cpu: 1, mebibytes: 256, instances: 2 },
  "dispatch-due": { cpu: 1, mebibytes: 256, instances: 2 },
  [OF_DOCUMENTS]: { cpu: 1, mebibytes: 512, instances: 2 },
};

const MEBIBYTE = 1 << 20;

const mebibytesOf = (memory: string): number => Number.parseInt(memory, 10) * (memory.endsWith("Gi") ? 1024 : 1);

interface NamedSize extends Size {
  readonly name: string;
}

const sizesOf = ({ functions, documents }: Installation): readonly NamedSize[] =>
  Object.entries(SIZES).flatMap(([name, usual]) => {
    if (name === OF_DOCUMENTS && documents === null) return [];
    const { cpu, memory, max_instances } = functions[name] ?? {};
    const size = {
      name,
      cpu: cpu ? Number(cpu) : usual.cpu,
      mebibytes: memory ? mebibytesOf(memory) : usual.mebibytes,
      instances: max_instances ?? usual.instances,
    };
    return [size];
  });

/**
 * Cloud Run refuses a service whose instances together could exceed the region's quota ("Max instances must be set to
 * 28 or fewer to set the requested total CPU"), and starts no further instance of any once all of them have used it up.
 * The quotas are per project and region, in thousandths of a CPU and in bytes.
 */
const NEEDS: Readonly<Record<string, (size: Size) => number>> = {
  CpuAllocPerProjectRegion: ({ cpu, instances }) => cpu * 1000 * instances,
  MemAllocPerProjectRegion: ({ mebibytes, instances }) => mebibytes * MEBIBYTE * instances,
};

const quotas = z.array(
  z.object({
    quotaId: z.string(),
    dimensionsInfos: z
      .array(
        z.object({
          applicableLocations: z.array(z.string()).default([]),
          details: z.object({ value: z.coerce.number().optional() }).default({}),
        }),
      )
      .default([]),
  }),
);

/** -1 stands for a quota without a limit. */
const valueIn = (found: z.output<typeof quotas>, quota: string, region: string): number => {
  const info = found.find(({ quotaId }) => quotaId === quota)?.dimensionsInfos;
  const value = info?.find(({ applicableLocations }) => applicableLocations.includes(region))?.details.value;
  return value === undefined || value < 0 ? Number.POSITIVE_INFINITY : value;
};

export const checkQuotas = async ({ gcloud, installation }: Context): Promise<readonly Obstacle[]> => {
  const { project, region } = installation;
  const found = await gcloud.ask(quotas, "beta", "quotas", "info", "list", "--service=run.googleapis.com");
  if (!found.ok) {
    const { said } = found.problem;
    return [obstacle("not_answered", { what: "Cloud Run's quotas", said, role: "roles/cloudquotas.viewer" })];
  }
  const sizes = sizesOf(installation);
  return Object.entries(NEEDS).flatMap(([quota, needsOf]) => {
    const has = valueIn(found.value, quota, region);
    const needs = sizes.reduce((sum, size) => sum + needsOf(size), 0);
    return needs <= has
      ? []
      : [
          obstacle("quota_too_small", {
            project,
            region,
            quota,
            needs,
            has,
            smaller: smallerSizes(sizes, needsOf, has),
          }),
        ];
  });
};

/** Fewer instances of each function, so that all of them fit together; null if not even one of each does. */
const smallerSizes = (
  sizes: readonly NamedSize[],
  needsOf: (size: Size) => number,
  has: number,
): Readonly<Record<string, { readonly max_instances: number }>> | null => {
  let fewer = sizes;
  const sum = (): number => fewer.reduce((all, size) => all + needsOf(size), 0);
  while (sum() > has) {
    // The one with the most instances can best do without one.
    const [most] = fewer.toSorted((one, other) => other.instances - one.instances);
    if (most === undefined || most.instances === 1) return null;
    fewer = fewer.map((size) => (size === most ? { ...size, instances: size.instances - 1 } : size));
  }
  const changed = fewer.filter((size) => !sizes.includes(size));
  return Object.fromEntries(changed.map(({ name, instances }) => [name, { max_instances: instances }]));
};
