import type { SmtpReply } from "../../google/replies.ts";
import { type Classification, classify, type Refusal, type ReplyMeaning } from "../../google/reply-table.ts";
import type { RefusedRecipients, SendOutcome } from "../../google/transports.ts";
import type { Transport } from "../../transport.ts";
import type { Recipient } from "../message.ts";
import { lossProblem } from "./retry-policy.ts";

/** The result of an attempt: the transport's own outcome, or what kept it from getting that far. */
export type TryResult =
  | { readonly kind: "gmail"; readonly outcome: Exclude<SendOutcome, { readonly kind: "abandoned" }> }
  /** Only a person can make the server send again. */
  | { readonly kind: "hold"; readonly problem: string; readonly smtp?: SmtpReply }
  /** Nothing was handed over; a later attempt may succeed. */
  | { readonly kind: "postpone"; readonly problem: string; readonly retryAfterMs: number | null }
  /** No attempt can succeed any more. */
  | { readonly kind: "impossible"; readonly problem: string };

/** What to do with the message after an attempt, with its recipients as they are then. */
export type Verdict =
  | {
      readonly kind: "sent" | "final" | "unknown";
      readonly recipients: readonly Recipient[];
      readonly smtp: SmtpReply | null;
      readonly problem: string | null;
      readonly providerId: string | null;
    }
  | {
      readonly kind: "again";
      readonly meaning: Exclude<ReplyMeaning, "final">;
      readonly recipients: readonly Recipient[];
      readonly smtp: SmtpReply | null;
      readonly problem: string | null;
      readonly providerId: string | null;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "hold"; readonly problem: string; readonly smtp: SmtpReply | null };

/** Applies an attempt to the pending recipients: refused ones by their own reply, the others by `rest`. */
const after = (
  recipients: readonly Recipient[],
  refused: RefusedRecipients,
  rest: { readonly transport: Transport; readonly state: Recipient["state"]; readonly reply: SmtpReply | null },
): readonly Recipient[] =>
  recipients.map((recipient) => {
    if (recipient.state !== "pending") return recipient;
    const refusal = refused.find(({ address }) => address === recipient.address);
    if (refusal === undefined) return { ...recipient, state: rest.state, reply: rest.reply };
    const { meaning } = classify({ transport: rest.transport, stage: "rcpt", reply: refusal.reply });
    return { ...recipient, state: meaning === "final" ? "rejected" : "pending", reply: refusal.reply };
  });

/** Records refusals before the message goes out, so that a pending recipient without a reply is one it may reach. */
export const beforeDelivery = (
  recipients: readonly Recipient[],
  refused: RefusedRecipients,
  transport: Transport,
): readonly Recipient[] => after(recipients, refused, { transport, state: "pending", reply: null });

/** The gravest of several refusals at RCPT decides: one that stops the account weighs more than one for a recipient. */
const WEIGHT: Readonly<Record<ReplyMeaning, number>> = {
  final: 0,
  again: 1,
  rate_limit: 2,
  login_limit: 3,
  daily_limit: 4,
  account: 5,
};

type ClassifiedRefusal = Refusal & Classification;

const pickGravest = (refusals: readonly Refusal[]): ClassifiedRefusal | undefined =>
  refusals
    .map((refusal) => ({ ...refusal, ...classify(refusal) }))
    .toSorted((a, b) => WEIGHT[b.meaning] - WEIGHT[a.meaning])[0];

const refusalsAtRcpt = (refused: RefusedRecipients, transport: Transport): readonly Refusal[] =>
  refused.map(({ reply }) => ({ transport, stage: "rcpt", reply }));

type Refused = Extract<SendOutcome, { readonly kind: "refused" }>;

/** Picks the refusal that decides about a mail of which nothing was sent. */
const decisiveRefusal = ({ stage, reply, reasons = [], refused }: Refused, transport: Transport): ClassifiedRefusal => {
  const whole: Refusal = { transport, stage, reply, reasons };
  const refusals = stage === "rcpt" && refused.length > 0 ? refusalsAtRcpt(refused, transport) : [whole];
  return pickGravest(refusals) ?? { ...whole, ...classify(whole) };
};

/** Checks whether Gmail refuses the account and not the mail. */
export const refusesAccount = (outcome: SendOutcome, transport: Transport): boolean =>
  outcome.kind === "refused" && decisiveRefusal(outcome, transport).meaning === "account";

const acceptedBy = (
  recipients: readonly Recipient[],
  outcome: Extract<SendOutcome, { kind: "accepted" }>,
  transport: Transport,
): Verdict => {
  const { refused, reply, providerId } = outcome;
  const left = after(recipients, refused, { transport, state: "accepted", reply });
  const common = { recipients: left, smtp: reply, providerId };
  if (!left.some(({ state }) => state === "pending")) return { kind: "sent", problem: null, ...common };
  const said = pickGravest(refusalsAtRcpt(refused, transport));
  return {
    kind: "again",
    meaning: said === undefined || said.meaning === "final" ? "again" : said.meaning,
    ...common,
    smtp: said?.reply ?? reply,
    problem: said?.problem ?? null,
    retryAfterMs: null,
  };
};

const refusedBy = (recipients: readonly Recipient[], outcome: Refused, transport: Transport): Verdict => {
  const { stage, refused, retryAfterMs } = outcome;
  const { meaning, problem, reply } = decisiveRefusal(outcome, transport);
  // At RCPT, each refused recipient has a reply of its own; a recipient without one was not tried.
  // Any other reply concerns the message, for those accepted.
  const ownReplies = stage === "rcpt" && refused.length > 0;
  const state = meaning === "final" && !ownReplies ? "rejected" : "pending";
  const left = after(recipients, refused, { transport, state, reply: ownReplies ? null : reply });
  const common = { recipients: left, smtp: reply, problem, providerId: null };
  if (!left.some(({ state }) => state === "pending")) return { kind: "final", ...common };
  return { kind: "again", meaning: meaning === "final" ? "again" : meaning, ...common, retryAfterMs };
};

/** Decides what an attempt's result means for its message. Pure. */
export const verdictOn = (recipients: readonly Recipient[], result: TryResult, transport: Transport): Verdict => {
  const nothing = { recipients, smtp: null, providerId: null };
  if (result.kind === "hold") return { kind: "hold", problem: result.problem, smtp: result.smtp ?? null };
  if (result.kind === "impossible") {
    const rejected = after(recipients, [], { transport, state: "rejected", reply: null });
    return { kind: "final", ...nothing, recipients: rejected, problem: result.problem };
  }
  if (result.kind === "postpone") {
    return { kind: "again", meaning: "again", ...nothing, problem: result.problem, retryAfterMs: result.retryAfterMs };
  }
  const { outcome } = result;
  switch (outcome.kind) {
    case "accepted":
      return acceptedBy(recipients, outcome, transport);
    case "refused":
      return refusedBy(recipients, outcome, transport);
    case "not_sent": {
      const problem = lossProblem(outcome.stage);
      return { kind: "again", meaning: "again", ...nothing, problem, retryAfterMs: null };
    }
    case "unknown": {
      // A recipient without a reply is one that the lost message may have reached.
      const left = after(recipients, outcome.refused ?? [], { transport, state: "pending", reply: null });
      const smtp = outcome.reply ?? null;
      const problem = smtp === null ? "delivery_unknown" : "gmail_failed";
      return { kind: "unknown", ...nothing, recipients: left, smtp, problem };
    }
  }
};
