import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { noteOnServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import { endGrant } from "../endings/end-grant.ts";
import { askGoogle } from "../tokens/ask-google.ts";
import type { CheckWhen } from "./ask-for-check.ts";
import { type CheckDeps, type CheckOutcome, hasEndedForGood, readSubject } from "./check-subject.ts";
import { judgeProof } from "./judge-proof.ts";
import { noteTrouble, postponeCheck } from "./postpone-check.ts";
import { proveGrant } from "./prove-grant.ts";

/**
 * Proves one server's grant, scopes and identity, reads its send-as addresses, updates its state and sets the next
 * check. It may run concurrently and again after a redelivery, because it only records what is true. If nothing has
 * changed, it costs two reads of the store and one commit of two writes. Throws `Unavailable`.
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
  const outcome = await askGoogle(deps, serverId, grant);
  switch (outcome.kind) {
    case "token":
      return proveGrant(deps, found, outcome);
    case "dead":
      if (await endGrant(deps, { serverId, secretVersion: grant.secretVersion }, outcome.death)) {
        judgeProof(deps, server, null);
        return { kind: "checked", state: "reconnect_required" };
      }
      // The server has a different grant by now, which was proven when it was issued.
      return { kind: "nothing_to_check" };
    case "client_changed":
    case "client_rejected":
    case "account_mismatch":
      return noteTrouble(deps, found, outcome.kind);
    case "unreachable":
      return postponeCheck(deps, found);
  }
};

/** Every tick asks again for a server that is still due, so an earlier message may already have led to the check. */
const isDue = ({ clock }: CheckDeps, { nextCheckAtMs }: MailServer): boolean =>
  nextCheckAtMs !== null && nextCheckAtMs <= clock.nowMs();

/** A lost race is fine: the other writer has set the next check as well, or this check simply becomes due again. */
const setNextCheck = async (
  deps: CheckDeps,
  server: Versioned<MailServer>,
  nextCheckAtMs: number | null,
): Promise<void> => {
  if (server.value.nextCheckAtMs !== nextCheckAtMs) await noteOnServer(deps.records, server, { nextCheckAtMs });
};
