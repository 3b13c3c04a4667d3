import type { Principal } from "../../access/records.ts";
import type { Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { queuedNow } from "../accept/plan-message.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import type { Message, Recipient } from "../message.ts";
import { moveTo } from "../moves.ts";
import { timelineNote } from "../timeline-notes.ts";
import { moveByCaller } from "./caller-move.ts";

/** Those that took it are left alone; the others are asked anew. */
const askedAgain = (recipient: Recipient): Recipient =>
  recipient.state === "rejected" ? { ...recipient, state: "pending" } : recipient;

/**
 * Sends a failed message again under its Message-ID, with 72 hours of its own. `wrong_status` for any other, `body_erased` seven days after it failed,
 * and what `moveByCaller` refuses. Throws `Unavailable`.
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
        facts: { recipients: value.recipients.map(askedAgain), firstTriedAtMs: null },
      });
      return ok({ after: { ...after, agelessMs: 0 }, announcement: null });
    },
  });
