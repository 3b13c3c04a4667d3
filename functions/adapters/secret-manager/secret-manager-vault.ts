import type { SecretName, SecretVault } from "../../domain/connections/ports.ts";
import { Secret } from "../../domain/secret.ts";
import type { GoogleApi } from "../google-rest/google-api.ts";

/** What Google names a secret: letters, digits, `-` and `_`, 255 at most. Terraform's conditions on `resource.name` know the prefix. */
export const secretId = (name: SecretName): string =>
  name.kind === "client_secret" ? "relais-client-secret" : `relais-refresh-${legal(name.serverId)}`;

const legal = (serverId: string): string => {
  if (!/^[A-Za-z0-9_-]{1,200}$/.test(serverId)) throw new RangeError("no secret can be named after this server id");
  return serverId;
};

/** Google's numbers; anything else, such as the alias `latest`, is no version of ours. */
export const VERSION = /^[1-9]\d{0,17}$/;

/**
 * `SecretVault` on Secret Manager by its REST API (cloud.google.com/secret-manager/docs/reference/rest). A version is Google's number.
 */
export const secretManagerVault = (api: GoogleApi, projectId: string): SecretVault => {
  const secrets = `/v1/projects/${projectId}/secrets`;
  const versionPath = (name: SecretName, version: string): string => `${secrets}/${secretId(name)}/versions/${version}`;

  const destroy = async (name: SecretName, version: string): Promise<void> => {
    if (!VERSION.test(version)) return;
    const path = `${versionPath(name, version)}:destroy`;
    const call = { act: "destroy a secret", method: "POST", path, body: {}, repeatable: true } as const;
    // NOT_FOUND: never there. FAILED_PRECONDITION: destroyed already.
    await api.attempt(call, "NOT_FOUND", "FAILED_PRECONDITION");
  };

  return {
    // Adding comes first and creating only where that fails: most functions may add versions, few may create secrets.
    add: async (name, value) => {
      const first = await addVersion(api, `${secrets}/${secretId(name)}`, value);
      if (first !== undefined) return first;
      await createSecret(api, secrets, secretId(name));
      const second = await addVersion(api, `${secrets}/${secretId(name)}`, value);
      if (second === undefined) throw new Error("a secret was removed while a version was being added");
      return second;
    },

    read: async (name, version) => {
      if (!VERSION.test(version)) return undefined;
      const path = `${versionPath(name, version)}:access`;
      const call = { act: "read a secret", method: "GET", path, repeatable: true } as const;
      const answer = await api.attempt(call, "NOT_FOUND", "FAILED_PRECONDITION");
      return answer.status === "OK" ? toSecret(answer.body) : undefined;
    },

    destroy,

    // The empty secret stays: deleted and made again it would number its versions from 1, and a version must not be met twice.
    // It costs nothing (only versions are billed), and its name tells no more than the server's id.
    remove: async (name) => {
      const left = await listVersions(api, `${secrets}/${secretId(name)}`, ["ENABLED", "DISABLED"]);
      for (const version of left) await destroy(name, version);
    },

    versions: (name) => listVersions(api, `${secrets}/${secretId(name)}`, ["ENABLED"]),
  };
};

/** Undefined: there is no such secret. Not repeated: a second version would be left behind that nothing points to. */
const addVersion = async (api: GoogleApi, secret: string, value: Secret): Promise<string | undefined> => {
  const body = { payload: { data: Buffer.from(value.reveal()).toString("base64") } };
  const call = { act: "keep a secret", method: "POST", path: `${secret}:addVersion`, body, repeatable: false } as const;
  const answer = await api.attempt(call, "NOT_FOUND");
  return answer.status === "OK" ? versionOf(answer.body) : undefined;
};

const createSecret = async (api: GoogleApi, secrets: string, id: string): Promise<void> => {
  const body = { replication: { automatic: {} }, labels: { app: "relais" } };
  const path = `${secrets}?secretId=${id}`;
  // ALREADY_EXISTS: another was faster.
  await api.attempt({ act: "create a secret", method: "POST", path, body, repeatable: true }, "ALREADY_EXISTS");
};

/** Oldest first; none where there is no such secret. */
const listVersions = async (
  api: GoogleApi,
  secret: string,
  states: readonly VersionState[],
): Promise<readonly string[]> => {
  const found: string[] = [];
  let pageToken = "";
  do {
    const query = new URLSearchParams({ pageSize: "1000", ...(pageToken === "" ? {} : { pageToken }) });
    const path = `${secret}/versions?${query}`;
    const call = { act: "list a secret's versions", method: "GET", path, repeatable: true } as const;
    const answer = await api.attempt(call, "NOT_FOUND");
    if (answer.status !== "OK") return [];
    const { versions, nextPageToken } = answer.body as ListAnswer;
    found.push(...(versions ?? []).filter(({ state }) => states.includes(state)).map(versionOf));
    pageToken = nextPageToken ?? "";
  } while (pageToken !== "");
  return found.sort((a, b) => Number(a) - Number(b));
};

type VersionState = "ENABLED" | "DISABLED" | "DESTROYED";

interface ListAnswer {
  readonly versions?: readonly { readonly name: string; readonly state: VersionState }[];
  readonly nextPageToken?: string;
}

/** `projects/…/secrets/…/versions/7` → `7`. */
const versionOf = (body: unknown): string => {
  const { name } = body as { readonly name: string };
  return name.slice(name.lastIndexOf("/") + 1);
};

const toSecret = (body: unknown): Secret => {
  const { payload } = body as { readonly payload: { readonly data?: string } };
  return new Secret(Buffer.from(payload.data ?? "", "base64").toString("utf8"));
};
