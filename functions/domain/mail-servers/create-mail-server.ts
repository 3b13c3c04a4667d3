import { auditWrite } from "../access/audit.ts";
import { type Principal, principalName } from "../access/records.ts";
import type { Clock } from "../clock.ts";
import { parseWith } from "../field-problems.ts";
import { newId, type Randomness } from "../randomness.ts";
import type { Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import type { MailServer } from "./mail-server.ts";
import { type MailServerInput, mailServerInput } from "./mail-server-input.ts";
import { takeName } from "./names.ts";
import { mayAdminister } from "./server-access.ts";
import { refuseMisleadingName } from "./server-name.ts";

export interface MailServerDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Randomness;
}

/** The given limits, completed by defaults; null if none is given, so that the limits follow the kind of account. */
export const limitsFrom = (
  input: MailServerInput["limits"],
  server: Pick<MailServer, "username" | "connection">,
): Limits | null => (Object.keys(input ?? {}).length === 0 ? null : { ...defaultLimits(server), ...input });

const newServer = (input: MailServerInput, nowMs: number): MailServer => {
  const { authentication: _, limits, ...settings } = input;
  const connection = { state: "not_connected", reason: null } as const;
  return {
    ...settings,
    limits: limitsFrom(limits, { username: input.username, connection }),
    connection,
    accountSub: null,
    nextCheckAtMs: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
};

/**
 * Creates a mail server that is not connected yet, from a `mailServerInput`. `invalid_request`; `forbidden` to anyone
 * but operators; `name_taken` if the name is in use, in any case. Throws `Unavailable`.
 */
export const createMailServer = async (
  deps: MailServerDeps,
  principal: Principal,
  body: unknown,
): Promise<Result<Versioned<MailServer>>> => {
  if (!mayAdminister(principal)) return fail({ code: "forbidden" });
  const input = parseWith(mailServerInput, body);
  if (!input.ok) return input;
  const misleading = refuseMisleadingName(null, input.value);
  if (misleading !== null) return fail(misleading);
  const id = newId(deps.random, "srv");
  const value = newServer(input.value, deps.clock.nextMs());
  const name = await takeName(deps.records, principal, { serverId: id, name: value.name });
  if (name === null) return fail({ code: "name_taken" });
  // In one commit, so that no reservation outlives its server and no two servers share one.
  const outcome = await deps.records.commit([
    name,
    { op: "create", kind: "mailServers", id, value },
    auditWrite(deps, {
      actor: principalName(principal),
      action: "mail_server.create",
      target: id,
      detail: { name: value.name, username: value.username },
    }),
  ]);
  return outcome.done ? ok({ id, value, version: outcome.versions[1] ?? "" }) : fail({ code: "name_taken" });
};
