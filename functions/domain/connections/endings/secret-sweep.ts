import { conditionalWrite } from "../../change-on-condition.ts";
import { type Clock, MINUTE, SECOND } from "../../clock.ts";
import { everyRecord } from "../../every-record.ts";
import type { GoogleOAuth } from "../../google/tokens.ts";
import type { Log } from "../../log.ts";
import { grantOf } from "../../mail-servers/mail-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import { Unavailable } from "../../problem.ts";
import { isOfLaterVersion } from "../../record-version.ts";
import type { Records, Versioned, Write } from "../../records.ts";
import type { SecretVault } from "../../secret-vault.ts";
import { forgetGrants } from "../grant-ledger.ts";
import type { SecretSweep } from "../records.ts";
import { serversOfAccount } from "../siblings.ts";

export interface SweepDeps {
  readonly clock: Clock;
  readonly records: Records;
  readonly vault: SecretVault;
  readonly oauth: Pick<GoogleOAuth, "revoke">;
  readonly log: Log;
}

/** Longer than any change of a secret takes, with its requests to Google. */
const CHANGE_MS = 2 * MINUTE;
/** However the time is scaled: network time-outs go down to a second only. */
const SHORTEST_CHANGE_MS = 10 * SECOND;

const dueAtMs = (clock: Clock): number => clock.nowMs() + Math.max(SHORTEST_CHANGE_MS, clock.lasting(CHANGE_MS));

/** Says that a server's secrets are about to change. Goes into a commit of its own before the first of them, or into the one that takes the pointer away. */
export const secretChangeWrite = (clock: Clock, serverId: string, change: Omit<SecretSweep, "dueAtMs">): Write => ({
  op: "put",
  kind: "secretSweeps",
  id: serverId,
  value: { ...change, dueAtMs: dueAtMs(clock) },
});

/** What to end a change with; null: an earlier one was cut off, so that only the sweep can tell when all is in order. */
export type SecretChange = string | null;

/** Before a secret is added. Throws `Unavailable`. */
export const beginSecretChange = async (
  deps: { readonly clock: Clock; readonly records: Records },
  serverId: string,
): Promise<SecretChange> => {
  const earlier = await deps.records.get("secretSweeps", serverId);
  // A revocation that is still owed stays owed: whether there is a connection by then decides about it.
  if (earlier !== undefined && isOfLaterVersion("secretSweeps", earlier.value)) {
    throw new Unavailable("change a secret that a later release is changing", { cause: null });
  }
  const revoke = earlier?.value.revoke ?? null;
  const write = secretChangeWrite(deps.clock, serverId, { ...earlier?.value, revoke, adding: true });
  const outcome = await deps.records.commit([write]);
  if (!outcome.done) throw new Error("a put has no condition");
  return earlier === undefined ? (outcome.versions[0] ?? null) : null;
};

/** All is in order again, unless another change has begun since. */
export const endSecretChange = async (
  deps: { readonly records: Records },
  serverId: string,
  version: SecretChange,
): Promise<void> => {
  if (version === null) return;
  await deps.records.commit([{ op: "delete", kind: "secretSweeps", id: serverId, version }]);
};

/**
 * Ends a change whose outcome stands in the record by now: destroys what serves nobody any more (undefined: nothing). Where the vault does not let it, for the moment or
 * because this function may not (`deliver-mail`), that is left to the sweep: it is no failure of the change itself.
 */
export const tidySecrets = async (
  deps: Pick<SweepDeps, "records" | "vault" | "log">,
  serverId: string,
  { useless, change }: { readonly useless: string | undefined; readonly change: SecretChange },
): Promise<void> => {
  try {
    if (useless !== undefined) await deps.vault.destroy({ kind: "refresh_token", serverId }, useless);
    await endSecretChange(deps, serverId, change);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    deps.log.warn("secret_left_to_sweep", { server: serverId });
  }
};

/**
 * Makes good what a crash has left: secrets that no server points to are destroyed, and revoked where a disconnection was to do so. Answers how many
 * servers were looked through. May run twice at once, and again after it was cut off. Throws `Unavailable`.
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

/** One server's; `revoked`: Google has ended the grant, or knew it no more. */
export const sweepServer = async (
  deps: SweepDeps,
  { id: serverId, version, value }: Versioned<SecretSweep>,
): Promise<{ readonly revoked: boolean }> => {
  const mine: SecretSweep = { ...value, dueAtMs: dueAtMs(deps.clock) };
  const taken = await deps.records.commit([conditionalWrite("secretSweeps", { id: serverId, version }, mine)]);
  if (!taken.done) return { revoked: false };
  const name = { kind: "refresh_token", serverId } as const;
  const versions = await deps.vault.versions(name);
  const server = await deps.records.get("mailServers", serverId);
  if (server !== undefined && !isUnderstoodServer(server.value)) {
    // Its pointer may lie where only a later release looks: it stays due, and nothing is destroyed.
    deps.log.warn("later_record_left", { kind: "mailServers", id: serverId });
    return { revoked: false };
  }
  const pointer = server === undefined ? undefined : grantOf(server.value)?.secretVersion;
  // Whoever adds a secret says so first: if nobody has since, the list holds none that is just being connected.
  const still = await deps.records.get("secretSweeps", serverId);
  if (still === undefined || still.version !== taken.versions[0]) return { revoked: false };
  const orphans = versions.filter((one) => one !== pointer);
  const answer = await revokeOrphan(deps, { serverId, orphans, revoke: value.revoke });
  // Google is out of reach: the secret is needed for the next try.
  if (answer === "unreachable") return { revoked: false };
  for (const orphan of orphans) await deps.vault.destroy(name, orphan);
  await endSecretChange(deps, serverId, still.version);
  if (orphans.length > 0) deps.log.warn("secrets_swept", { server: serverId, count: orphans.length });
  return { revoked: answer === "done" };
};

const revokeOrphan = async (
  deps: SweepDeps,
  about: { readonly serverId: string; readonly orphans: readonly string[]; readonly revoke: SecretSweep["revoke"] },
): Promise<"done" | "needless" | "unreachable"> => {
  const { serverId, orphans, revoke } = about;
  // Another orphan may be of another account, and revoking that one's would void the grant that lives by it.
  const owed = revoke?.secretVersion ?? orphans.at(-1);
  if (revoke === null || owed === undefined || !orphans.includes(owed)) return "needless";
  if ((await serversOfAccount(deps.records, revoke.sub)).length > 0) return "needless";
  const token = await deps.vault.read({ kind: "refresh_token", serverId }, owed);
  if (token === undefined) return "needless";
  if ((await deps.oauth.revoke(token)) === "unreachable") return "unreachable";
  await forgetGrants(deps, revoke, deps.clock.nowMs());
  return "done";
};
