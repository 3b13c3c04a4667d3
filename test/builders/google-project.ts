import { randomBytes } from "node:crypto";
import { nameInProject } from "../../functions/adapters/google-cloud/installation.ts";
import { testProject } from "./emulators.ts";

/** The three functions behind push subscriptions and their topics, as in infra/functions.tf. */
export const PUSHED = {
  "deliver-mail": "mail-send",
  "refresh-tokens": "token-checks",
  "dispatch-due": "mail-dispatch",
} as const;
export type Pushed = keyof typeof PUSHED;
const TOPICS = [...Object.values(PUSHED), "mail-events"];

interface Hosts {
  readonly firestoreHost: string;
  readonly pubsubHost: string;
  readonly secretManagerHost: string;
}

/** One installation in a project, as infra/names.tf calls its parts. */
export interface InstallationOptions {
  readonly projectId?: string;
  readonly prefix?: string;
}

/**
 * An installation in a project on the emulators as Terraform leaves it: the fixed secrets, the first version of the key
 * ring, and the topics.
 */
export interface GoogleProject {
  readonly projectId: string;
  /** What one of its topics, subscriptions, secrets or services is called in the project. */
  named(name: string): string;
  /** The environment of a function on Google's store. */
  readonly variables: Readonly<Record<string, string>>;
  /** Calls Pub/Sub's REST API below the project. */
  pubsub(method: string, name: string, body: object): Promise<Record<string, unknown>>;
  /** Creates a function's push subscription; `endpoint` is where its pushes go. */
  subscribe(name: Pushed, endpoint: string): Promise<void>;
}

export const makeGoogleProject = async (
  hosts: Hosts,
  { projectId = testProject(), prefix = "" }: InstallationOptions = {},
): Promise<GoogleProject> => {
  const named = (name: string): string => nameInProject(prefix, name);
  await fixedSecrets(hosts.secretManagerHost, projectId, named);
  const ask = pubsub(hosts.pubsubHost, projectId);
  for (const topic of TOPICS) await ask("PUT", `topics/${named(topic)}`, {});
  return {
    projectId,
    named,
    variables: {
      NODE_ENV: "production",
      RELAIS_STORE: "google",
      GOOGLE_CLOUD_PROJECT: projectId,
      FIRESTORE_EMULATOR_HOST: hosts.firestoreHost,
      PUBSUB_EMULATOR_HOST: hosts.pubsubHost,
      SECRET_MANAGER_EMULATOR_HOST: hosts.secretManagerHost,
      RELAIS_ALLOW_EMULATORS: "1",
      ...(prefix === "" ? {} : { RELAIS_PREFIX: prefix, RELAIS_DATABASE: `relais-${prefix}` }),
    },
    pubsub: ask,
    subscribe: async (name, endpoint) => {
      const topic = PUSHED[name];
      await ask("PUT", `subscriptions/${named(`${topic}-to-${name}`)}`, {
        topic: `projects/${projectId}/topics/${named(topic)}`,
        pushConfig: { pushEndpoint: endpoint },
        ackDeadlineSeconds: 60,
      });
    },
  };
};

const pubsub =
  (host: string, projectId: string) =>
  async (method: string, name: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { "content-type": "application/json" };
    const url = `http://${host}/v1/projects/${projectId}/${name}`;
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${name}: ${JSON.stringify(answer)}`);
    return answer;
  };

export const fixedSecrets = async (
  host: string,
  projectId: string,
  named = (name: string): string => name,
): Promise<void> => {
  const post = async (path: string, body: object): Promise<void> => {
    const url = `http://${host}/v1/projects/${projectId}/secrets${path}`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
  };
  for (const id of ["relais-client-secret", "relais-key-ring"])
    await post(`?secretId=${named(id)}`, { replication: { automatic: {} } });
  const key = randomBytes(32).toString("base64");
  await post(`/${named("relais-key-ring")}:addVersion`, { payload: { data: Buffer.from(key).toString("base64") } });
};
