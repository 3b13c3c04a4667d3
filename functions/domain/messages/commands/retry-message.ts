import type { Principal } from "../../access/records.ts";
import type { Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { queuedNow } from "../accept/plan-message.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import type { Message, Recipient } from "../message.ts";
import { moveTo } from "../moves.ts";
import { timelineNote } from "../timeline-notes.ts";
import { moveByCaller } from "./caller-move.ts";

/** Makes a rejected recipient pending again. One that accepted the message must not get it twice. */
const reopenRecipient = (recipient: Recipient): Recipient =>
  recipient.state === "rejected" ? { ...recipient, state: "pending" } : recipient;

/**
 * Sends a failed message again with its Message-ID and a fresh 72 hours. Refuses with `body_erased` seven days after it
 * failed, and with what `moveByCaller` refuses. Throws `Unavailable`.
 */
export const retryMessage = (deps: MoveDeps, principal: Principal, id: string): Promise<Result<Versioned<Message>>> =>
  moveByCaller(deps, {
    principal,
    id,
    command: "retry",
    decide: (value) => {
      if (value.body.kind === "erased") return fail({ code: "body_erased" });
      const after = moveTo(value, queuedNow(deps.clock), {
        nowMs: deps.clock.nowMs(),
        note: timelineNote("retried"),
        facts: { recipients: value.recipients.map(reopenRecipient), firstTriedAtMs: null },
      });
      return ok({ after: { ...after, agelessMs: 0 }, announcement: null });
    },
  });
