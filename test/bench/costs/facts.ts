import { readFileSync } from "node:fs";
import { type IndexCeiling, indexCeilings } from "../../builders/index-ceilings.ts";
import { type Cost, READ, type SendFacts, sumOf } from "../page/send.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** Where a price was read, when, and what is known of the date of the copy that was read. */
interface Priced {
  readonly source: string;
  readonly read: string;
  readonly copy: string;
}

export interface Prices {
  readonly currency: string;
  readonly firestore: Priced & {
    readonly readsPer100k: number;
    readonly writesPer100k: number;
    readonly deletesPer100k: number;
    readonly storedGiBMonth: number;
    readonly freeReadsADay: number;
    readonly freeWritesADay: number;
    readonly freeDeletesADay: number;
    readonly freeStoredGiB: number;
  };
  readonly pubsub: Priced & {
    readonly perTiB: number;
    readonly freeGiB: number;
    readonly leastBytesARequest: number;
  };
  readonly cloudRun: Priced & {
    readonly perVcpuSecond: number;
    readonly perGiBSecond: number;
    readonly perMillionRequests: number;
    readonly freeVcpuSeconds: number;
    readonly freeGiBSeconds: number;
    readonly freeRequests: number;
  };
  readonly secretManager: Priced & {
    readonly perVersionMonth: number;
    readonly per10kAccesses: number;
    readonly freeVersions: number;
    readonly freeAccesses: number;
  };
  readonly logging: Priced & { readonly perGiB: number; readonly freeGiB: number };
  readonly scheduler: Priced & { readonly perJobMonth: number; readonly freeJobs: number };
  readonly loadBalancer: Priced & { readonly perHourUpTo5Rules: number; readonly perGiBProcessed: number };
  readonly cloudArmor: Priced & {
    readonly perPolicyMonth: number;
    readonly perRuleMonth: number;
    readonly perMillionRequests: number;
  };
}

/** What a mail costs on Firestore, and how often functions are called for it. */
export interface MailCost {
  readonly reads: number;
  readonly writes: number;
  readonly deletes: number;
  readonly invocations: number;
}

export interface DeployedFunction {
  readonly name: string;
  readonly isPublic: boolean;
  readonly memoryGiB: number;
  readonly concurrency: number;
  readonly maxInstances: number;
}

export interface CostFacts {
  readonly prices: Prices;
  /** The commits of the figures. */
  readonly commits: readonly string[];
  /** A mail that wakes everything up, and one among many. */
  readonly lone: MailCost;
  readonly usual: MailCost;
  readonly check: { readonly reads: number; readonly writes: number };
  readonly cpuMsAMail: number;
  readonly ceilings: readonly IndexCeiling[];
  readonly functions: readonly DeployedFunction[];
  /** What an address may ask in a minute if a load balancer is in front. */
  readonly edge: { readonly rules: number; readonly requests: number; readonly signIns: number };
}

const mailCost = (cost: Cost): MailCost => ({
  reads: sumOf(cost, READ),
  writes: sumOf(cost, /^write/),
  deletes: sumOf(cost, /^delete/),
  invocations: cost.invocations,
});

/** What `infra/functions.tf` sets. */
const deployedFunctions = (): readonly DeployedFunction[] => {
  const source = read("../../../infra/functions.tf");
  const blocks = [...source.matchAll(/^ {4}([a-z-]+) = \{\n([\s\S]*?)\n {4}\}/gm)];
  const found = blocks.flatMap(([, name = "", block = ""]) => {
    const value = (key: string): string => new RegExp(`^ *${key} *= *"?([\\w.]+)"?`, "m").exec(block)?.[1] ?? "";
    if (value("max_instances") === "") return [];
    const memory = /^(\d+)(Mi|Gi)$/.exec(value("memory"));
    const memoryGiB = Number(memory?.[1]) / (memory?.[2] === "Gi" ? 1 : 1_024);
    const [concurrency, maxInstances] = [Number(value("concurrency")), Number(value("max_instances"))];
    return [{ name, isPublic: value("public") === "true", memoryGiB, concurrency, maxInstances }];
  });
  if (found.length < 7) throw new Error("infra/functions.tf does not list its functions as this script reads them");
  return found;
};

/** The limits that infra/variables.tf gives a load balancer, and how many rules of Cloud Armor keep them. */
const edgeLimits = (): CostFacts["edge"] => {
  const source = read("../../../infra/variables.tf");
  const limit = (name: string): number =>
    Number(new RegExp(`${name} *= optional\\(number, (\\d+)\\)`).exec(source)?.[1]);
  const armor = read("../../../infra/modules/edge/armor.tf");
  const rules = [...armor.matchAll(/^ {4}"\d+" = \{|^ {4}priority +=/gm)].length;
  const found = { rules, requests: limit("requests_per_minute"), signIns: limit("sign_ins_per_minute") };
  if (Object.values(found).some((one) => !(one > 1))) throw new Error("infra/ has no limits as this script reads them");
  return found;
};

export const costFacts = async (): Promise<CostFacts> => {
  const send: SendFacts & { readonly commit: string } = JSON.parse(read("../results/send.json"));
  const refresh = JSON.parse(read("../results/refresh.json"));
  const throughput = JSON.parse(read("../results/throughput.json"));
  const mail = (name: string): MailCost => {
    const cost = send.results.find((one) => one.mail === name);
    if (cost === undefined) throw new Error(`send.json has no mail ${name}`);
    return mailCost(cost);
  };
  const { readsPerServer, writesPerServer } = refresh.results.at(-1);
  const cpu: number[] = throughput.results.flatMap(
    ({ waits, relais }: { readonly waits?: true; readonly relais: readonly { readonly cpuMs: number }[] }) =>
      waits === true ? [] : relais.map(({ cpuMs }) => cpuMs),
  );
  return {
    prices: JSON.parse(read("./prices.json")),
    commits: [send.commit, refresh.commit, throughput.commit],
    lone: mail("10 kB, first of an hour, of an instance"),
    usual: mail("10 kB"),
    check: { reads: readsPerServer, writes: writesPerServer },
    cpuMsAMail: cpu.reduce((sum, one) => sum + one, 0) / cpu.length,
    ceilings: await indexCeilings(),
    functions: deployedFunctions(),
    edge: edgeLimits(),
  };
};
