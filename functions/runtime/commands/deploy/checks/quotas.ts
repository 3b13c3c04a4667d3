import * as z from "zod";
import type { Context } from "../context.ts";
import type { Installation } from "../inputs.ts";
import { type Obstacle, obstacle } from "../obstacles.ts";

interface Size {
  readonly cpu: number;
  readonly mebibytes: number;
  readonly instances: number;
}

/** The sizes in infra/functions.tf, which a test compares with the plan. */
export const SIZES: Readonly<Record<string, Size>> = {
  "authorize-start": { cpu: 1, mebibytes: 256, instances: 2 },
  "confirm-callback": { cpu: 1, mebibytes: 256, instances: 2 },
  "mail-servers": { cpu: 1, mebibytes: 512, instances: 2 },
  "send-mail": { cpu: 1, mebibytes: 1024, instances: 4 },
  "deliver-mail": { cpu: 1, mebibytes: 2048, instances: 4 },
  "refresh-tokens": { cpu: 1, mebibytes: 256, instances: 2 },
  "dispatch-due": { cpu: 1, mebibytes: 256, instances: 2 },
};

const MEBIBYTE = 1 << 20;

const mebibytesOf = (memory: string): number => Number.parseInt(memory, 10) * (memory.endsWith("Gi") ? 1024 : 1);

const sizesOf = ({ functions }: Installation): readonly (Size & { readonly name: string })[] =>
  Object.entries(SIZES).map(([name, usual]) => {
    const { cpu, memory, max_instances } = functions[name] ?? {};
    return {
      name,
      cpu: cpu ? Number(cpu) : usual.cpu,
      mebibytes: memory ? mebibytesOf(memory) : usual.mebibytes,
      instances: max_instances ?? usual.instances,
    };
  });

/**
 * Cloud Run refuses a service whose instances together could exceed the region's quota ("Max instances must be set to
 * 28 or fewer to set the requested total CPU"). The quotas are per project and region, in thousandths of a CPU and in
 * bytes.
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
  return Object.entries(NEEDS).flatMap(([quota, needsOf]) => {
    const has = valueIn(found.value, quota, region);
    const large = sizesOf(installation).filter((size) => needsOf(size) > has);
    const needs = Math.max(...large.map(needsOf));
    const most = large.map((size) => ({
      name: size.name,
      instances: Math.floor((has * size.instances) / needsOf(size)),
    }));
    return large.length === 0 ? [] : [obstacle("quota_too_small", { project, region, quota, needs, has, most })];
  });
};
