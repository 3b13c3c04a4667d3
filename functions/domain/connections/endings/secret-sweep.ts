import { conditionalWrite } from "../../change-on-condition.ts";
import { type Clock, MINUTE, SECOND } from "../../clock.ts";
import { everyRecord } from "../../every-record.ts";
import type { Revocation } from "../../google/tokens.ts";
import { grantOf } from "../../mail-servers/mail-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import { Unavailable } from "../../problem.ts";
import { isOfLaterVersion } from "../../record-version.ts";
import type { Records, Versioned, Write } from "../../records.ts";
import type { SecretVault } from "../../secret-vault.ts";
import type { SecretSweep } from "../records.ts";
import { serversOfAccount } from "../servers-of-account.ts";
import { isRevoked, type RevokeDeps, revokeAccount } from "./revoke-account.ts";

export interface SweepDeps extends RevokeDeps {
  readonly vault: SecretVault;
}

/** Longer than any change of a secret, including its requests to Google. Nominal. */
const CHANGE_MS = 2 * MINUTE;
/** The minimum at any time scale, because network time-outs do not go below a second. */
const SHORTEST_CHANGE_MS = 10 * SECOND;

const dueAtMs = (clock: Clock): number => clock.nowMs() + Math.max(SHORTEST_CHANGE_MS, clock.lasting(CHANGE_MS));

/** Announces a change of a server's secrets. It must be committed before a secret is added or its pointer removed. */
export const secretChangeWrite = (clock: Clock, serverId: string, change: Omit<SecretSweep, "dueAtMs">): Write => ({
  op: "put",
  kind: "secretSweeps",
  id: serverId,
  value: { ...change, dueAtMs: dueAtMs(clock) },
});

/** Identifies a change to end; null if an earlier one was interrupted, so that only the sweep can clean up. */
export type SecretChange = string | null;

/** Must be called before a secret is added. Throws `Unavailable`. */
export const beginSecretChange = async (
  deps: { readonly clock: Clock; readonly records: Records },
  serverId: string,
): Promise<SecretChange> => {
  const earlier = await deps.records.get("secretSweeps", serverId);
  // A pending revocation stays pending: the sweep decides, by the connections that exist by then.
  if (earlier !== undefined && isOfLaterVersion("secretSweeps", earlier.value)) {
    throw new Unavailable("change a secret that a later release is changing", { cause: null });
  }
  const revoke = earlier?.value.revoke ?? null;
  const write = secretChangeWrite(deps.clock, serverId, { ...earlier?.value, revoke, adding: true });
  const outcome = await deps.records.commit([write]);
  if (!outcome.done) throw new Error("a put has no condition");
  return earlier === undefined ? (outcome.versions[0] ?? null) : null;
};

/** Ends a change, unless another one has begun since. */
export const endSecretChange = async (
  deps: { readonly records: Records },
  serverId: string,
  version: SecretChange,
): Promise<void> => {
  if (version === null) return;
  await deps.records.commit([{ op: "delete", kind: "secretSweeps", id: serverId, version }]);
};

/**
 * Ends a change that is stored by now, and destroys the unused secret, if any. If the vault is down or denies it (as to
 * `deliver-mail`), the sweep does so later: the change itself has not failed.
 */
export const tidySecrets = async (
  deps: Pick<SweepDeps, "records" | "vault" | "log">,
  serverId: string,
  { unused, change }: { readonly unused: string | undefined; readonly change: SecretChange },
): Promise<void> => {
  try {
    if (unused !== undefined) await deps.vault.destroy({ kind: "refresh_token", serverId }, unused);
    await endSecretChange(deps, serverId, change);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    deps.log.warn("secret_left_to_sweep", { server: serverId });
  }
};

/**
 * Cleans up after crashes: destroys secrets that no server points to, and revokes those that a disconnection should
 * have. Counts the servers it has examined. It may run concurrently and be interrupted. Throws `Unavailable`.
 */
export const sweepSecrets = async (deps: SweepDeps): Promise<number> => {
  const upTo = deps.clock.nowMs();
  let count = 0;
  for await (const sweep of everyRecord(deps.records, "secretSweepsDue", { upTo })) {
    await sweepServer(deps, sweep);
    count += 1;
  }
  return count;
};

/** Sweeps one server. `revoked` says whether Google has ended the grant, now or earlier. */
export const sweepServer = async (
  deps: SweepDeps,
  { id: serverId, version, value }: Versioned<SecretSweep>,
): Promise<{ readonly revoked: boolean }> => {
  const claim: SecretSweep = { ...value, dueAtMs: dueAtMs(deps.clock) };
  const claimed = await deps.records.commit([conditionalWrite("secretSweeps", { id: serverId, version }, claim)]);
  if (!claimed.done) return { revoked: false };
  const name = { kind: "refresh_token", serverId } as const;
  const versions = await deps.vault.versions(name);
  const server = await deps.records.get("mailServers", serverId);
  if (server !== undefined && !isUnderstoodServer(server.value)) {
    // Only a later release knows where its pointer is, so nothing is destroyed and the sweep stays due.
    deps.log.warn("later_record_left", { kind: "mailServers", id: serverId });
    return { revoked: false };
  }
  const pointer = server === undefined ? undefined : grantOf(server.value)?.secretVersion;
  // Adding a secret is announced first: if nobody has since, none of these versions is being connected just now.
  const still = await deps.records.get("secretSweeps", serverId);
  if (still === undefined || still.version !== claimed.versions[0]) return { revoked: false };
  const orphans = versions.filter((one) => one !== pointer);
  const answer = await revokeOrphan(deps, { serverId, orphans, revoke: value.revoke });
  // The next try still needs the secret.
  if (answer === "unreachable") return { revoked: false };
  for (const orphan of orphans) await deps.vault.destroy(name, orphan);
  await endSecretChange(deps, serverId, still.version);
  if (orphans.length > 0) deps.log.warn("secrets_swept", { server: serverId, count: orphans.length });
  return { revoked: answer !== "needless" && isRevoked(answer) };
};

const revokeOrphan = async (
  deps: SweepDeps,
  about: { readonly serverId: string; readonly orphans: readonly string[]; readonly revoke: SecretSweep["revoke"] },
): Promise<Revocation | "needless"> => {
  const { serverId, orphans, revoke } = about;
  // Other orphans may belong to another account, whose living grant must not be revoked.
  const orphan = revoke?.secretVersion ?? orphans.at(-1);
  if (revoke === null || orphan === undefined || !orphans.includes(orphan)) return "needless";
  if ((await serversOfAccount(deps.records, revoke.sub)).length > 0) return "needless";
  const token = await deps.vault.read({ kind: "refresh_token", serverId }, orphan);
  if (token === undefined) return "needless";
  const answer = await revokeAccount(deps, revoke, token);
  // Another try would be refused as well, so the sweep ends and the grant lives on at Google.
  if (answer === "refused") deps.log.warn("grant_not_revoked", { server: serverId, answer });
  return answer;
};
