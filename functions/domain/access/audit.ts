import { type Clock, DAY, isoTime } from "../clock.ts";
import { newId, type Randomness } from "../randomness.ts";
import type { Records, Write } from "../records.ts";
import type { AuditAction } from "./audit-actions.ts";
import type { AuditEntry } from "./records.ts";

/** Nominal. */
export const AUDIT_RETENTION_MS = 400 * DAY;

export interface AuditedAction {
  /** `principalName(principal)`, or `google` or `relais` if no caller asked for the action. */
  readonly actor: string;
  readonly action: AuditAction;
  /** The id of the changed record; `settings` for the settings. */
  readonly target: string;
  /** Names of fields, ids and addresses of accounts; never a secret, a token or a body. */
  readonly detail?: AuditEntry["detail"];
}

interface AuditDeps {
  readonly clock: Clock;
  readonly random: Randomness;
}

/** The write of an audit entry. It must go into the commit of the action, so that neither exists without the other. */
export const auditWrite = (deps: AuditDeps, audited: AuditedAction): Write => {
  // Entries are listed newest first, and actions that cause each other can fall within one millisecond.
  const nowMs = deps.clock.nextMs();
  return {
    op: "create",
    kind: "audit",
    id: newId(deps.random, "aud"),
    value: {
      createdAtMs: nowMs,
      actor: audited.actor,
      action: audited.action,
      target: audited.target,
      detail: audited.detail ?? {},
      eraseAtMs: nowMs + deps.clock.lasting(AUDIT_RETENTION_MS),
    },
  };
};

/** Audits an action without a commit of its own, such as the end of a session. Throws `Unavailable`. */
export const recordAudit = async (
  deps: AuditDeps & { readonly records: Records },
  audited: AuditedAction,
): Promise<void> => {
  // The id is new, so `create` can fail only if this very commit is repeated, which leaves the wanted entry.
  await deps.records.commit([auditWrite(deps, audited)]);
};

/** An entry as the API shows it. */
export const auditView = ({ createdAtMs, actor, action, target, detail }: AuditEntry) => ({
  at: isoTime(createdAtMs),
  actor,
  action,
  target,
  detail,
});
