import type { SecretManagerServiceClient } from "@google-cloud/secret-manager/build/src/v1/secret_manager_service_client.js";
import { Unavailable } from "../../domain/problem.ts";
import { Secret } from "../../domain/secret.ts";
import type { SecretName, SecretVault } from "../../domain/secret-vault.ts";
import type { CanonicalStatus } from "../google-cloud/canonical-status.ts";
import type { GoogleCalls } from "../google-cloud/google-calls.ts";
import { ONCE, textOf, versionOf } from "./client.ts";

export interface SecretManagerOptions {
  readonly calls: GoogleCalls;
  readonly client: SecretManagerServiceClient;
  readonly projectId: string;
}

/** What Google names a secret: letters, digits, `-` and `_`, 255 at most. Terraform's conditions on `resource.name` know the prefix. */
export const secretId = (name: SecretName): string =>
  name.kind === "client_secret" ? "relais-client-secret" : `relais-refresh-${legal(name.serverId)}`;

const legal = (serverId: string): string => {
  if (!/^[A-Za-z0-9_-]{1,200}$/.test(serverId)) throw new RangeError("no secret can be named after this server id");
  return serverId;
};

/** Google's numbers; anything else, such as the alias `latest`, is no version of ours. */
export const VERSION = /^[1-9]\d{0,17}$/;

/** `SecretVault` on Secret Manager. A version is Google's number. */
export const secretManagerVault = (options: SecretManagerOptions): SecretVault => {
  const { calls, client, projectId } = options;
  const parent = `projects/${projectId}`;
  const pathOf = (name: SecretName): string => `${parent}/secrets/${secretId(name)}`;

  const destroy = async (name: SecretName, version: string): Promise<void> => {
    if (!VERSION.test(version)) return;
    const request = { name: `${pathOf(name)}/versions/${version}` };
    const run = () => client.destroySecretVersion(request, ONCE);
    // NOT_FOUND: never there. FAILED_PRECONDITION: destroyed already.
    await calls({ act: "destroy a secret", repeatable: true, run }, "NOT_FOUND", "FAILED_PRECONDITION");
  };

  return {
    // Adding comes first and creating only where that fails: most functions may add versions, few may create secrets.
    add: async (name, value) => {
      const first = await addVersion(options, { to: pathOf(name), value, unless: MAYBE_ABSENT });
      if (first !== undefined) return first;
      await createSecret(options, parent, secretId(name));
      const second = await addVersion(options, { to: pathOf(name), value, unless: ["NOT_FOUND"] });
      // Removed at this very moment, or not there for everybody yet: all but reading a version just added is consistent with time only
      // (cloud.google.com/secret-manager/docs/reference/consistency).
      if (second === undefined) throw new Unavailable("keep a secret", { cause: new Error("NOT_FOUND, just created") });
      return second;
    },

    read: async (name, version) => {
      if (!VERSION.test(version)) return undefined;
      const run = () => client.accessSecretVersion({ name: `${pathOf(name)}/versions/${version}` }, ONCE);
      const answer = await calls({ act: "read a secret", repeatable: true, run }, "NOT_FOUND", "FAILED_PRECONDITION");
      return answer.status === "OK" ? new Secret(textOf(answer.value[0].payload)) : undefined;
    },

    destroy,

    // The empty secret stays: deleted and made again it would number its versions from 1, and a version must not be met twice.
    // It costs nothing (only versions are billed), and its name tells no more than the server's id.
    remove: async (name) => {
      for (const version of await listVersions(options, pathOf(name), ["ENABLED", "DISABLED"]))
        await destroy(name, version);
    },

    versions: (name) => listVersions(options, pathOf(name), ["ENABLED"]),
  };
};

/**
 * The right to add is granted under a condition on the secret's name, and of a secret that is absent Google may say just that it is denied
 * ("or it may not exist"). Who may create it finds out by that.
 */
const MAYBE_ABSENT = ["NOT_FOUND", "PERMISSION_DENIED"] as const;

interface Addition {
  readonly to: string;
  readonly value: Secret;
  readonly unless: readonly CanonicalStatus[];
}

/** Undefined: answered one of `unless`. Not repeated: a second version would be left behind that nothing points to. */
const addVersion = async (
  { calls, client }: SecretManagerOptions,
  { to: parent, value, unless }: Addition,
): Promise<string | undefined> => {
  const run = () => client.addSecretVersion({ parent, payload: { data: Buffer.from(value.reveal()) } }, ONCE);
  const answer = await calls({ act: "keep a secret", repeatable: false, run }, ...unless);
  return answer.status === "OK" ? versionOf(answer.value[0]) : undefined;
};

const createSecret = async (
  { calls, client }: SecretManagerOptions,
  parent: string,
  secretId: string,
): Promise<void> => {
  const secret = { replication: { automatic: {} }, labels: { app: "relais" } };
  const run = () => client.createSecret({ parent, secretId, secret }, ONCE);
  // ALREADY_EXISTS: another was faster.
  await calls({ act: "create a secret", repeatable: true, run }, "ALREADY_EXISTS");
};

type VersionState = "ENABLED" | "DISABLED";

/** Oldest first; none where there is no such secret. */
const listVersions = async (
  { calls, client }: SecretManagerOptions,
  parent: string,
  states: readonly VersionState[],
): Promise<readonly string[]> => {
  const filter = states.map((state) => `state:${state}`).join(" OR ");
  const run = () => client.listSecretVersions({ parent, filter, pageSize: 1_000 }, ONCE);
  const answer = await calls({ act: "list a secret's versions", repeatable: true, run }, "NOT_FOUND");
  if (answer.status !== "OK") return [];
  return answer.value[0].map(versionOf).sort((a, b) => Number(a) - Number(b));
};
