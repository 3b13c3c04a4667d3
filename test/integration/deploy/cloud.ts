/** A model of one Google Cloud project, as far as a deployment sees it. Tests read and change it freely. */
export interface Cloud {
  /** The version of each tool; null if it is not installed. */
  readonly tools: Record<"gcloud" | "terraform" | "firebase", string | null>;
  readonly signedIn: { gcloud: boolean; terraform: boolean; firebase: boolean };
  readonly project: string;
  isThere: boolean;
  billing: boolean;
  apis: string[];
  firebase: boolean;
  sites: string[];
  /** The effective rules of a constraint; a constraint without an entry allows everything. */
  readonly policies: Record<string, readonly unknown[]>;
  readonly quotas: Record<string, number>;
  databases: Database[];
  backups: { name: string; database: string; snapshotTime: string }[];
  readonly buckets: Record<string, Bucket>;
  /** Versions of each secret, the newest last. */
  readonly secrets: Record<string, string[]>;
  readonly services: Record<string, Service>;
  /** The endpoints of each global endpoint group. */
  readonly groups: Record<string, string[]>;
  /** The state of the load balancer's certificate. */
  certificate: "PROVISIONING" | "ACTIVE";
  readonly console: { versions: number; live: string | null; off: boolean; configuration: unknown };
  /** What a build of now makes: the stand-in takes it for the archives' content. */
  release: string;
  /** Codes of errors that functions of a release log. */
  readonly errors: Record<string, readonly string[]>;
  /** Commands of gcloud that are refused, and in which words. */
  refuses: Record<string, string>;
}

interface Database {
  readonly id: string;
  readonly type: string;
  readonly locationId: string;
  protected: boolean;
  indexes: readonly Index[];
}

export interface Index {
  readonly collection: string;
  readonly fields: readonly unknown[];
  state: "READY" | "CREATING";
}

interface Bucket {
  versioning: boolean;
  uniform: boolean;
  readonly objects: Record<string, string>;
}

export interface Service {
  revisions: { readonly name: string; readonly release: string; readonly environment: string }[];
  traffic: { readonly revisionName: string; readonly percent: number }[];
  /** Whether each new revision gets everything at once. */
  followsLatest: boolean;
  invokerCheck: boolean;
  /** Who may invoke it. */
  members: string[];
}

const APIS = ["cloudquotas", "cloudresourcemanager", "iam", "orgpolicy", "serviceusage"];

/** A project that is ready for its first deployment. */
export const readyProject = (): Cloud => ({
  tools: { gcloud: "Google Cloud SDK 528.0.0", terraform: "Terraform v1.11.4", firebase: "15.34.2" },
  signedIn: { gcloud: true, terraform: true, firebase: true },
  project: "relais-test",
  isThere: true,
  billing: true,
  apis: APIS.map((name) => `${name}.googleapis.com`),
  firebase: true,
  sites: ["relais-test"],
  policies: {},
  quotas: { CpuAllocPerProjectRegion: 20_000, MemAllocPerProjectRegion: 40 * 2 ** 30 },
  databases: [],
  backups: [],
  buckets: {},
  secrets: {},
  services: {},
  groups: {},
  certificate: "PROVISIONING",
  console: { versions: 0, live: null, off: false, configuration: null },
  release: "one",
  errors: {},
  refuses: {},
});

/** How a command ended. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it has changed something. */
  readonly changed: boolean;
}

export const answered = (value: unknown): Answer => ({
  status: 0,
  stdout: typeof value === "string" ? value : JSON.stringify(value),
  stderr: "",
  changed: false,
});

export const done = (stdout = ""): Answer => ({ status: 0, stdout, stderr: "", changed: true });

export const refused = (stderr: string): Answer => ({ status: 1, stdout: "", stderr, changed: false });

export const latestOf = ({ revisions }: Service): string => revisions.at(-1)?.name ?? "";

/** The release that answers most requests of a service. */
export const releaseOf = ({ revisions, traffic }: Service): string | undefined => {
  const most = traffic.toSorted((one, other) => other.percent - one.percent)[0];
  return revisions.find(({ name }) => name === most?.revisionName)?.release;
};
