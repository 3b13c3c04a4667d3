import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { noteOnServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import { endGrant } from "../endings/end-grant.ts";
import { askGoogle } from "../tokens/ask-google.ts";
import type { CheckWhen } from "./ask-for-check.ts";
import { type CheckDeps, type CheckOutcome, hasEndedForGood, readSubject } from "./check-subject.ts";
import { noteTrouble, postponeCheck } from "./postpone-check.ts";
import { proveGrant } from "./prove-grant.ts";

/**
 * Proves one server's grant: a refresh, the scopes, the identity; reads the send-as addresses; moves the state; sets the next check. Can run twice at once,
 * and again after a redelivery: it says what is so. Where nothing changed it costs two reads of the store and one commit of two writes.
 * Throws `Unavailable`.
 */
export const checkServer = async (
  deps: CheckDeps,
  serverId: string,
  when: CheckWhen = "now",
): Promise<CheckOutcome> => {
  const found = await readSubject(deps, serverId);
  if (found === null || (when === "due" && !isDue(deps, found.server.value))) return { kind: "nothing_to_check" };
  const { server } = found;
  if (!isUnderstoodServer(server.value)) {
    deps.log.warn("later_record_left", { kind: "mailServers", id: serverId });
    return { kind: "nothing_to_check" };
  }
  const grant = grantOf(server.value);
  if (grant === null || hasEndedForGood(server.value)) {
    await setNextCheck(deps, server, null);
    return { kind: "nothing_to_check" };
  }
  const said = await askGoogle(deps, serverId, grant);
  switch (said.kind) {
    case "token":
      return proveGrant(deps, found, said);
    case "dead":
      if (await endGrant(deps, { serverId, secretVersion: grant.secretVersion }, said.death)) {
        return { kind: "checked", state: "reconnect_required" };
      }
      // Another grant by now: it was proven when it came.
      return { kind: "nothing_to_check" };
    case "client_changed":
    case "client_rejected":
    case "account_mismatch":
      return noteTrouble(deps, found, said.kind);
    case "unreachable":
      return postponeCheck(deps, server);
  }
};

/** A server stays due until it was checked: while many are, each tick asks for it once more. */
const isDue = ({ clock }: CheckDeps, { nextCheckAtMs }: MailServer): boolean =>
  nextCheckAtMs !== null && nextCheckAtMs <= clock.nowMs();

/** Losing a race is fine: whoever wrote the server set its next check too, or the check is simply due again. */
const setNextCheck = async (
  deps: CheckDeps,
  server: Versioned<MailServer>,
  nextCheckAtMs: number | null,
): Promise<void> => {
  if (server.value.nextCheckAtMs !== nextCheckAtMs) await noteOnServer(deps.records, server, { nextCheckAtMs });
};
