import type { SecretManagerServiceClient } from "@google-cloud/secret-manager/build/src/v1/secret_manager_service_client.js";
import { Unavailable } from "../../domain/problem.ts";
import { Secret } from "../../domain/secret.ts";
import type { SecretName, SecretVault } from "../../domain/secret-vault.ts";
import type { CanonicalStatus } from "../google-cloud/canonical-status.ts";
import type { GoogleCalls } from "../google-cloud/google-calls.ts";
import { nameInProject } from "../google-cloud/installation.ts";
import { textOf, versionOf } from "./client.ts";
import { ANYWHERE, replicationIn, type SecretPlaces } from "./replication.ts";

export interface SecretManagerOptions {
  readonly calls: GoogleCalls;
  readonly client: SecretManagerServiceClient;
  readonly projectId: string;
  /** Begins each secret's name; none by default. */
  readonly prefix?: string;
  /** Of the secrets that it makes; anywhere by default. */
  readonly places?: SecretPlaces;
}

/**
 * Google allows letters, digits, `-` and `_`, 255 at most. Terraform's conditions on `resource.name` rely on the
 * prefix.
 */
export const secretId = (name: SecretName, prefix = ""): string =>
  nameInProject(
    prefix,
    name.kind === "client_secret" ? "relais-client-secret" : `relais-refresh-${checkServerId(name.serverId)}`,
  );

const checkServerId = (serverId: string): string => {
  if (!/^[A-Za-z0-9_-]{1,200}$/.test(serverId)) throw new RangeError("no secret can be named after this server id");
  return serverId;
};

/** Google numbers versions; anything else, such as the alias `latest`, is not a version of ours. */
export const VERSION = /^[1-9]\d{0,17}$/;

/** `SecretVault` on Secret Manager, with Google's version numbers. */
export const secretManagerVault = (options: SecretManagerOptions): SecretVault => {
  const { calls, client, projectId, prefix } = options;
  const parent = `projects/${projectId}`;
  const pathOf = (name: SecretName): string => `${parent}/secrets/${secretId(name, prefix)}`;

  const destroy = async (name: SecretName, version: string): Promise<void> => {
    if (!VERSION.test(version)) return;
    const request = { name: `${pathOf(name)}/versions/${version}` };
    const run = () => client.destroySecretVersion(request);
    // NOT_FOUND: it never existed. FAILED_PRECONDITION: it is already destroyed.
    await calls({ act: "destroy a secret", repeatable: true, run }, "NOT_FOUND", "FAILED_PRECONDITION");
  };

  return {
    // Add first and create only if that fails: most functions may add versions, but few may create secrets.
    add: async (name, value) => {
      const first = await addVersion(options, { to: pathOf(name), value, unless: MAYBE_ABSENT });
      if (first !== undefined) return first;
      await createSecret(options, parent, secretId(name, prefix));
      const second = await addVersion(options, { to: pathOf(name), value, unless: ["NOT_FOUND"] });
      // Another process has just removed it, or it is not visible everywhere yet: only reading a version that was just
      // added is strongly consistent (cloud.google.com/secret-manager/docs/reference/consistency).
      if (second === undefined) throw new Unavailable("keep a secret", { cause: new Error("NOT_FOUND, just created") });
      return second;
    },

    read: async (name, version) => {
      if (!VERSION.test(version)) return undefined;
      const run = () => client.accessSecretVersion({ name: `${pathOf(name)}/versions/${version}` });
      const answer = await calls({ act: "read a secret", repeatable: true, run }, "NOT_FOUND", "FAILED_PRECONDITION");
      return answer.status === "OK" ? new Secret(textOf(answer.value[0].payload)) : undefined;
    },

    destroy,

    // The empty secret stays: if it were made again, its versions would restart at 1, and no version may occur twice.
    // It costs nothing (only versions are billed), and its name reveals no more than the server's id.
    remove: async (name) => {
      for (const version of await listVersions(options, pathOf(name), ["ENABLED", "DISABLED"]))
        await destroy(name, version);
    },

    versions: (name) => listVersions(options, pathOf(name), ["ENABLED"]),

    home: async () => null,
  };
};

/**
 * The right to add depends on a condition on the secret's name, and Google may answer "denied" for a missing secret
 * ("or it may not exist"). A caller that may create secrets finds out by trying.
 */
const MAYBE_ABSENT = ["NOT_FOUND", "PERMISSION_DENIED"] as const;

interface Addition {
  readonly to: string;
  readonly value: Secret;
  readonly unless: readonly CanonicalStatus[];
}

/**
 * Undefined: the answer was one of `unless`. Never repeated: that could leave a second version that nothing points to.
 */
const addVersion = async (
  { calls, client }: SecretManagerOptions,
  { to: parent, value, unless }: Addition,
): Promise<string | undefined> => {
  const run = () => client.addSecretVersion({ parent, payload: { data: Buffer.from(value.reveal()) } });
  const answer = await calls({ act: "keep a secret", repeatable: false, run }, ...unless);
  return answer.status === "OK" ? versionOf(answer.value[0]) : undefined;
};

const createSecret = async (
  { calls, client, places = ANYWHERE }: SecretManagerOptions,
  parent: string,
  secretId: string,
): Promise<void> => {
  const secret = { replication: replicationIn(places), labels: { app: "relais" } };
  const run = () => client.createSecret({ parent, secretId, secret });
  // ALREADY_EXISTS: another process was faster.
  await calls({ act: "create a secret", repeatable: true, run }, "ALREADY_EXISTS");
};

type VersionState = "ENABLED" | "DISABLED";

/** Oldest first; empty if there is no such secret. */
const listVersions = async (
  { calls, client }: SecretManagerOptions,
  parent: string,
  states: readonly VersionState[],
): Promise<readonly string[]> => {
  const filter = states.map((state) => `state:${state}`).join(" OR ");
  const run = () => client.listSecretVersions({ parent, filter, pageSize: 1_000 });
  const answer = await calls({ act: "list a secret's versions", repeatable: true, run }, "NOT_FOUND");
  if (answer.status !== "OK") return [];
  return answer.value[0].map(versionOf).sort((a, b) => Number(a) - Number(b));
};
