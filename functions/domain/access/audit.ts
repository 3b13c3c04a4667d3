import { type Clock, DAY, isoTime } from "../clock.ts";
import { newId, type Randomness } from "../randomness.ts";
import type { Records, Write } from "../records.ts";
import type { AuditEntry } from "./records.ts";

/** How long an entry is kept, nominal. */
export const AUDIT_RETENTION_MS = 400 * DAY;

/** What people and programs do that the audit remembers, by the thing it was done to. */
export type AuditAction =
  | `mail_server.${"create" | "update" | "delete"}`
  | `connection.${"connect" | "disconnect"}`
  | `settings.${"update" | "gmail_credentials"}`
  | `key.${"create" | "revoke"}`
  | `message.${"cancel" | "retry" | "reschedule" | "resolve"}`
  | `session.${"sign_in" | "sign_out" | "setup_token" | "end"}`;

export interface Deed {
  /** Who: `principalName(principal)`, or `google` and `relais` for what nobody here asked for. */
  readonly actor: string;
  readonly action: AuditAction;
  /** Id of the record it was done to; `settings` for the settings. */
  readonly target: string;
  /** Names of fields, ids, addresses of accounts; never a secret, a token or a body. */
  readonly detail?: AuditEntry["detail"];
}

interface AuditDeps {
  readonly clock: Clock;
  readonly random: Randomness;
}

/** The write that puts a deed into the audit: add it to the commit that does the deed, so that neither stands without the other. */
export const auditWrite = (deps: AuditDeps, deed: Deed): Write => {
  // What one act leads to (a deletion disconnects first) is done within a millisecond, and read newest first.
  const nowMs = deps.clock.nextMs();
  return {
    op: "create",
    kind: "audit",
    id: newId(deps.random, "aud"),
    value: {
      createdAtMs: nowMs,
      actor: deed.actor,
      action: deed.action,
      target: deed.target,
      detail: deed.detail ?? {},
      eraseAtMs: nowMs + deps.clock.lasting(AUDIT_RETENTION_MS),
    },
  };
};

/** For deeds that are no commit of their own (a key revoked elsewhere, a session ended). Throws `Unavailable`. */
export const recordAudit = async (deps: AuditDeps & { readonly records: Records }, deed: Deed): Promise<void> => {
  // The id is random and new: `create` can only fail on a repeat of this very commit, which is the entry we wanted.
  await deps.records.commit([auditWrite(deps, deed)]);
};

/** An entry as the API shows it. */
export const auditView = ({ createdAtMs, actor, action, target, detail }: AuditEntry) => ({
  at: isoTime(createdAtMs),
  actor,
  action,
  target,
  detail,
});
