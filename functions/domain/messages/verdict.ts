import type { Transport } from "../mail-servers/mail-server.ts";
import type { DeliveryProblemCode } from "../problem-texts.ts";
import type { Recipient, SmtpReply } from "./message.ts";
import type { RefusedRecipients, SendOutcome } from "./ports.ts";
import { lossProblem, refusalProblem, type Verdict, verdictOf } from "./retry-policy.ts";

/** What a try came to, besides the transport's own outcomes: what kept it from getting that far. */
export type TryResult =
  | { readonly kind: "gmail"; readonly outcome: Exclude<SendOutcome, { readonly kind: "abandoned" }> }
  /** Only a person can make the server send again. */
  | { readonly kind: "hold"; readonly problem: string }
  /** Nothing was handed over; it may be better later. */
  | { readonly kind: "postpone"; readonly problem: string; readonly retryAfterMs: number | null }
  /** Never possible any more. */
  | { readonly kind: "impossible"; readonly problem: string };

/** What to do with the message, as judged from a try. `recipients` as they stand after it. */
export type Judgement =
  | {
      readonly kind: "sent" | "final" | "unknown";
      readonly recipients: readonly Recipient[];
      readonly smtp: SmtpReply | null;
      readonly problem: string | null;
      readonly providerId: string | null;
    }
  | {
      readonly kind: "again";
      readonly verdict: Exclude<Verdict, "final">;
      readonly recipients: readonly Recipient[];
      readonly smtp: SmtpReply | null;
      readonly problem: string | null;
      readonly providerId: string | null;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "hold"; readonly problem: string };

/** Every pending recipient as the try left it: refused ones by their own reply, the others by `rest`. */
const after = (
  recipients: readonly Recipient[],
  refused: RefusedRecipients,
  rest: { readonly transport: Transport; readonly state: Recipient["state"]; readonly reply: SmtpReply | null },
): readonly Recipient[] =>
  recipients.map((recipient) => {
    if (recipient.state !== "pending") return recipient;
    const refusal = refused.find(({ address }) => address === recipient.address);
    if (refusal === undefined) return { ...recipient, state: rest.state, reply: rest.reply };
    const final = verdictOf({ transport: rest.transport, stage: "rcpt", reply: refusal.reply }) === "final";
    return { ...recipient, state: final ? "rejected" : "pending", reply: refusal.reply };
  });

/** As DATA is about to go out: who was turned down says so, and a pending recipient without a reply is one that the message will reach. */
export const beforeDelivery = (
  recipients: readonly Recipient[],
  refused: RefusedRecipients,
  transport: Transport,
): readonly Recipient[] => after(recipients, refused, { transport, state: "pending", reply: null });

const acceptedBy = (
  recipients: readonly Recipient[],
  outcome: Extract<SendOutcome, { kind: "accepted" }>,
  transport: Transport,
): Judgement => {
  const { refused, reply, providerId } = outcome;
  const left = after(recipients, refused, { transport, state: "accepted", reply });
  const waiting = left.find(({ state }) => state === "pending");
  const common = { recipients: left, smtp: reply, providerId };
  if (waiting === undefined) return { kind: "sent", problem: null, ...common };
  const said = waiting.reply ?? reply;
  const verdict = verdictOf({ transport, stage: "rcpt", reply: said });
  return {
    kind: "again",
    verdict: verdict === "final" ? "again" : verdict,
    ...common,
    smtp: said,
    problem: refusalProblem({ transport, stage: "rcpt", reply: said }),
    retryAfterMs: null,
  };
};

const refusedBy = (
  recipients: readonly Recipient[],
  outcome: Extract<SendOutcome, { kind: "refused" }>,
  transport: Transport,
): Judgement => {
  const { stage, reply, refused, retryAfterMs } = outcome;
  const verdict = verdictOf({ transport, stage, reply });
  // All turned down at RCPT: each by its own reply. Else the reply speaks of the message, for those that RCPT had taken.
  const allRefused = stage === "rcpt" && refused.length > 0;
  const final = verdict === "final" && !allRefused;
  const left = after(recipients, refused, { transport, state: final ? "rejected" : "pending", reply });
  const problem: DeliveryProblemCode = refusalProblem({ transport, stage, reply });
  const common = { recipients: left, smtp: reply, problem, providerId: null };
  if (!left.some(({ state }) => state === "pending")) return { kind: "final", ...common };
  return { kind: "again", verdict: verdict === "final" ? "again" : verdict, ...common, retryAfterMs };
};

/** Pure: no clock, no store. */
export const judge = (recipients: readonly Recipient[], result: TryResult, transport: Transport): Judgement => {
  const nothing = { recipients, smtp: null, providerId: null };
  if (result.kind === "hold") return { kind: "hold", problem: result.problem };
  if (result.kind === "impossible") {
    const rejected = after(recipients, [], { transport, state: "rejected", reply: null });
    return { kind: "final", ...nothing, recipients: rejected, problem: result.problem };
  }
  if (result.kind === "postpone") {
    return { kind: "again", verdict: "again", ...nothing, problem: result.problem, retryAfterMs: result.retryAfterMs };
  }
  const { outcome } = result;
  switch (outcome.kind) {
    case "accepted":
      return acceptedBy(recipients, outcome, transport);
    case "refused":
      return refusedBy(recipients, outcome, transport);
    case "not_sent": {
      const problem = lossProblem(outcome.stage);
      return { kind: "again", verdict: "again", ...nothing, problem, retryAfterMs: null };
    }
    case "unknown": {
      // A recipient without a reply is one that the lost message may have reached.
      const left = after(recipients, outcome.refused ?? [], { transport, state: "pending", reply: null });
      return { kind: "unknown", ...nothing, recipients: left, problem: "delivery_unknown" };
    }
  }
};
