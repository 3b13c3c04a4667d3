import { canSend } from "../../mail-servers/mail-server.ts";
import type { Problem } from "../../problem.ts";
import type { Records } from "../../records.ts";
import { ok, type Result } from "../../result.ts";
import { SETTINGS_ID } from "../../settings/read-settings.ts";
import type { MessagePlan } from "./plan-message.ts";

/** The answer to a dry run, which stores nothing. `problems` lists what would refuse or hold the message now. */
export interface DryRun {
  readonly kind: "dry_run";
  readonly server: string | null;
  readonly from: string | null;
  readonly problems: readonly Problem[];
}

/** Foretells what happens to a well-formed message, except for the sending limits, which change by the second. */
export const dryRun = async (records: Records, plan: Result<MessagePlan>): Promise<Result<DryRun>> => {
  if (!plan.ok && plan.problem.code === "invalid_request") return plan;
  if (!plan.ok) return ok({ kind: "dry_run", server: null, from: null, problems: [plan.problem] });
  const { id, server, from } = plan.value;
  const paused = (await records.get("settings", SETTINGS_ID))?.value.paused === true;
  const problems: readonly Problem[] = [
    ...(canSend(server) ? [] : [{ code: "grant_revoked" } as const]),
    ...(paused ? [{ code: "paused" } as const] : []),
  ];
  return ok({ kind: "dry_run", server: id, from: from.address, problems });
};
