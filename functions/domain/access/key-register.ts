import * as z from "zod";
import { type Clock, isoTime, isoTimeOrNull } from "../clock.ts";
import { fieldProblem, jsonPointer, parseWith, says } from "../field-problems.ts";
import { instantInput } from "../instant-input.ts";
import { invalidRequest } from "../problem.ts";
import type { Randomness } from "../randomness.ts";
import type { Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { Secret } from "../secret.ts";
import { line } from "../text-input.ts";
import { mintApiKey } from "./api-keys.ts";
import { auditWrite } from "./audit.ts";
import { type ApiKey, type Principal, principalName } from "./records.ts";

export interface KeyDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Randomness;
}

export interface IssueKeyDeps extends KeyDeps {
  /** Throws `Unavailable`. */
  readonly serverExists: (id: string) => Promise<boolean>;
}

/** A key to make, as operators write it. */
export const keyInput = z.strictObject({
  name: line(100).min(1),
  servers: z.array(z.string().max(100)).max(100).default([]),
  permissions: z
    .array(z.enum(["send", "read"]))
    .min(1, says("no_permission"))
    .transform((permissions) => [...new Set(permissions)]),
  expiresAt: instantInput.nullish(),
});

/** A key as the API shows it, without its secret. */
export const keyView = ({ id, value }: Versioned<ApiKey>) => ({
  id,
  name: value.name,
  servers: value.servers,
  permissions: value.permissions,
  expiresAt: isoTimeOrNull(value.expiresAtMs),
  createdAt: isoTime(value.createdAtMs),
});

/** A key in the list of keys. */
export const listedKeyView = (key: Versioned<ApiKey>) => ({
  ...keyView(key),
  lastUsedAt: isoTimeOrNull(key.value.lastUsedAtMs),
});

const findUnknownServers = async ({ serverExists }: IssueKeyDeps, ids: readonly string[]) => {
  const exists = await Promise.all(ids.map(serverExists));
  return exists.flatMap((found, at) => (found ? [] : [fieldProblem(jsonPointer(["servers", at]), "no_such_server")]));
};

/**
 * Makes a key for a program, for every server if `servers` is empty or absent. The caller must show `key` once.
 * `invalid_request`. Throws `Unavailable`.
 */
export const issueKey = async (
  deps: IssueKeyDeps,
  principal: Principal,
  body: unknown,
): Promise<Result<{ readonly key: Secret; readonly issued: Versioned<ApiKey> }>> => {
  const input = parseWith(keyInput, body);
  if (!input.ok) return input;
  const { name, permissions } = input.value;
  const servers = [...new Set(input.value.servers)];
  const expiresAtMs = input.value.expiresAt ?? null;
  const wrong = await findUnknownServers(deps, input.value.servers);
  if (expiresAtMs !== null && expiresAtMs <= deps.clock.nowMs()) {
    wrong.push(fieldProblem("/expiresAt", "not_future"));
  }
  if (wrong.length > 0) return fail(invalidRequest(...wrong));
  const { id, key, record } = mintApiKey(deps, { name, servers, permissions, expiresAtMs });
  const audited = { actor: principalName(principal), action: "key.create", target: id } as const;
  const outcome = await deps.records.commit([
    { op: "create", kind: "keys", id, value: record },
    auditWrite(deps, { ...audited, detail: { name, servers, permissions } }),
  ]);
  if (!outcome.done) throw new Error("a new key's random id is taken");
  return ok({ key, issued: { id, value: record, version: outcome.versions[0] ?? "" } });
};

/** Revokes a key at once. `not_found`. Throws `Unavailable`. */
export const revokeKey = async (deps: KeyDeps, principal: Principal, id: string): Promise<Result<null>> => {
  const key = /^[0-9a-f]{1,64}$/.test(id) ? await deps.records.get("keys", id) : undefined;
  if (key === undefined) return fail({ code: "not_found" });
  await deps.records.commit([
    // The delete is unconditional; noting a concurrent use is not, so it cannot bring the key back.
    { op: "delete", kind: "keys", id },
    auditWrite(deps, {
      actor: principalName(principal),
      action: "key.revoke",
      target: id,
      detail: { name: key.value.name },
    }),
  ]);
  return ok(null);
};
