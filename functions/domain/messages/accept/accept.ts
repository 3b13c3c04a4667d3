import { auditWrite } from "../../access/audit.ts";
import { hasPermission, type Principal, principalName } from "../../access/records.ts";
import type { Clock } from "../../clock.ts";
import type { Tell } from "../../commit-news.ts";
import type { DocumentTry } from "../../document-delivery.ts";
import type { OffersSmtpUtf8 } from "../../google/transports.ts";
import type { Log } from "../../log.ts";
import { CONTENDED } from "../../problem.ts";
import type { Publisher } from "../../publisher.ts";
import type { Randomness } from "../../randomness.ts";
import type { Records, Versioned, Write } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { eraseBody, isLarge, packBody, packRaw, storeBody } from "../body-store.ts";
import { commitNew } from "../commit-move.ts";
import { foldAddress } from "../mailbox.ts";
import type { Mailbox, Message, StoredBody } from "../message.ts";
import { messageEvent } from "../message-events.ts";
import { publishForDelivery } from "../publish-delivery.ts";
import { kindsIn } from "../recipient-kind.ts";
import { timelineNote } from "../timeline-notes.ts";
import { searchEntries } from "../views/message-search.ts";
import { type DryRun, dryRun } from "./dry-run.ts";
import { findAccepted, type Identity, identify } from "./idempotency.ts";
import { parseMessage, placeProblems } from "./message-input.ts";
import { type AnyInput, type MessagePlan, planMessage } from "./plan-message.ts";
import { holdsRaw, parseRawMessage, rawRequestValue } from "./raw-input.ts";

export interface AcceptDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly publisher: Publisher;
  readonly tell: Tell;
  readonly offersSmtpUtf8: OffersSmtpUtf8;
  readonly log: Log;
}

/** A request to send one message. */
export interface Submission {
  readonly principal: Principal;
  /** The request's body as parsed JSON. The bytes of a composed mail (`raw`) may be in a buffer. */
  readonly json: unknown;
  readonly idempotencyKey: string | null;
  /** In bytes: `HTTP_SIZE_LIMIT` or `TOPIC_SIZE_LIMIT`. */
  readonly sizeLimit: number;
  /** The limit of a composed mail, if it is another one. */
  readonly rawSizeLimit?: number;
  /** The document that it is made from. */
  readonly document?: DocumentTry;
  /** The Message-ID that the document asks for, in angle brackets. */
  readonly messageId?: string | null;
  /** Of a message that is sent to another address: the id of the first one. */
  readonly resentFrom?: string;
  /** What the caller asked for, if `json` was made from it: a repeated key is compared with this. */
  readonly asked?: unknown;
  /** Where the message stands in the whole request. */
  readonly at?: readonly PropertyKey[];
}

export type Acceptance =
  /** The message is durable. `replayed` says that it was accepted before under the same key. */
  { readonly kind: "accepted"; readonly message: Versioned<Message>; readonly replayed: boolean } | DryRun;

/** Prefixes the paths of a problem with the message's place in the whole request. */
const prefixPaths = (plan: Result<MessagePlan>, at: readonly PropertyKey[]): Result<MessagePlan> =>
  plan.ok ? plan : fail(placeProblems(plan.problem, at));

const parseSubmission = (submission: Submission): Result<AnyInput> => {
  const { json, sizeLimit, rawSizeLimit = sizeLimit, at = [] } = submission;
  return holdsRaw(json)
    ? parseRawMessage(json, { sizeLimit: rawSizeLimit, at })
    : parseMessage(json, { sizeLimit, at });
};

const newMessageId = (random: Randomness, from: string): string =>
  `<${random.token(18)}@${from.slice(from.lastIndexOf("@") + 1)}>`;

interface Draft {
  readonly submission: Submission;
  readonly input: AnyInput;
  readonly identity: Identity;
  readonly plan: MessagePlan;
  readonly acceptedAtMs: number;
}

const shownOf = (input: AnyInput) => ("raw" in input ? input.shown : input.content);
const ownMessageId = (input: AnyInput): string | null => ("raw" in input ? input.raw.messageId : null);
const packContent = (input: AnyInput, from: Mailbox) =>
  "raw" in input ? packRaw(input.raw) : packBody({ from, ...input.content });

const originNote = ({ resentFrom: id }: Submission) => (id === undefined ? {} : timelineNote("resent_from", { id }));

/** The audit names the message whose content went to another address, and the new one. */
const originAudit = (deps: AcceptDeps, { principal, resentFrom: target }: Submission, id: string): readonly Write[] =>
  target === undefined
    ? []
    : [
        auditWrite(deps, {
          actor: principalName(principal),
          action: "message.resend",
          target,
          detail: { message: id },
        }),
      ];

const newMessage = (deps: AcceptDeps, draft: Draft, body: StoredBody): Message => {
  const { submission, input, identity, plan, acceptedAtMs } = draft;
  const { subject, ...fields } = shownOf(input);
  const kindOf = kindsIn(fields);
  const recipientAddresses = input.recipients.map(foldAddress);
  const found = {
    messageId: submission.messageId ?? ownMessageId(input) ?? newMessageId(deps.random, plan.from.address),
    from: plan.from.address,
    subject,
    recipientAddresses,
    tags: input.tags,
  };
  return {
    ...found,
    caller: principalName(submission.principal),
    serverId: plan.id,
    createdAtMs: acceptedAtMs,
    updatedAtMs: acceptedAtMs,
    recipients: input.recipients.map((address) => ({ address, kind: kindOf(address), state: "pending", reply: null })),
    searchPrefixes: searchEntries(found),
    body,
    sizeBytes: input.sizeBytes,
    onUnknown: input.onUnknown,
    expiresAtMs: input.expiresAtMs,
    firstTriedAtMs: null,
    agelessMs: 0,
    attempts: [],
    timeline: [{ atMs: acceptedAtMs, status: plan.state.status, note: null, ...originNote(submission) }],
    providerId: null,
    requestSha256: identity.requestSha256,
    ...(submission.document === undefined ? {} : { document: submission.document }),
    ...(submission.messageId ? { hasOwnMessageId: true as const } : {}),
    ...plan.state,
  };
};

const findReplay = async (records: Records, identity: Identity): Promise<Result<Acceptance> | undefined> => {
  const before = await findAccepted(records, identity);
  if (before === undefined) return undefined;
  return before.ok ? ok({ kind: "accepted", message: before.value, replayed: true }) : before;
};

/**
 * Stores a message in an order that survives a crash: the chunks of a large body, then the record that names them, then
 * its id on the topic. From the record on the message is accepted: a caller without an answer can repeat its key, and
 * `dispatch-due` publishes a lost id again.
 */
const store = async (deps: AcceptDeps, draft: Draft): Promise<Result<Acceptance>> => {
  const { identity, input, plan } = draft;
  const packed = packContent(input, plan.from);
  // Writing a large body is expensive, so check for a replay first.
  const earlier = isLarge(packed) ? await findReplay(deps.records, identity) : undefined;
  if (earlier !== undefined) return earlier;
  const body = await storeBody(deps, identity.id, packed);
  const value = newMessage(deps, draft, body);
  const event = value.status === "held" ? messageEvent("relais.message.held.v1", identity.id, value) : null;
  const message = await commitNew(deps, {
    id: identity.id,
    value,
    event,
    also: originAudit(deps, draft.submission, identity.id),
  });
  if (message === undefined) {
    await eraseBody(deps, { body });
    return (await findReplay(deps.records, identity)) ?? fail(CONTENDED);
  }
  if (value.status === "queued") await publishForDelivery(deps, message);
  return ok({ kind: "accepted", message, replayed: false });
};

/**
 * Accepts a message, which is durable once this returns. Refuses with `forbidden`, `idempotency_key_reused` and what
 * `parseMessage` and `planMessage` refuse; a refused body uses up no key. A message of 10 kB takes one read and one
 * write if its server is named by id. Throws `Unavailable`; the message may then be stored, which a repeated key shows.
 */
export const acceptMessage = async (deps: AcceptDeps, submission: Submission): Promise<Result<Acceptance>> => {
  const { principal, json, idempotencyKey: key, at = [] } = submission;
  if (!hasPermission(principal, "send")) return fail({ code: "forbidden" });
  const parsed = parseSubmission(submission);
  if (!parsed.ok) return parsed;
  const input = parsed.value;
  // Read the clock before the first await, so that the messages of a batch, and of one caller, keep their order.
  const acceptedAtMs = deps.clock.nextMs();
  const plan = prefixPaths(await planMessage(deps, principal, input), at);
  if (input.dryRun) return dryRun(deps.records, plan);
  const own = key !== null && "raw" in input && holdsRaw(json) ? rawRequestValue(json, input) : json;
  const identity = identify(deps.random, { principal, key, json: submission.asked ?? own });
  if (plan.ok) return store(deps, { submission, input, identity, plan: plan.value, acceptedAtMs });
  // A replay gets its answer even if its times have passed or its server has been deleted since.
  return (await findReplay(deps.records, identity)) ?? plan;
};
