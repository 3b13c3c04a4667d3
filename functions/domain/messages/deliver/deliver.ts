import { SECOND } from "../../clock.ts";
import { noteRefusal } from "../../connections/checks/note-grant-error.ts";
import { spoken } from "../../google/replies.ts";
import type { AccessTokenOutcome } from "../../google/tokens.ts";
import type { OutgoingMail, SendOutcome } from "../../google/transports.ts";
import { accountAddress, canSend } from "../../mail-servers/mail-server.ts";
import { noteSmtpUtf8 } from "../../mail-servers/note-smtp-utf8.ts";
import { Unavailable } from "../../problem.ts";
import type { Secret } from "../../secret.ts";
import { type Transport, traitsOf } from "../../transport.ts";
import type { DeliveryDeps } from "../delivery-deps.ts";
import { countRefusal } from "../limits/ledger.ts";
import { mostAtOnce } from "../limits/reserve.ts";
import { EMPTY_LEDGER } from "../limits/room.ts";
import { announceMove } from "../message-events.ts";
import { isUnderstoodMessage } from "../understood.ts";
import { claimMessage } from "./claim.ts";
import type { Claim } from "./lease.ts";
import { isUnknown, resolveUnknown } from "./resolver.ts";
import { settle } from "./settle.ts";
import { Try } from "./try.ts";
import { refusesAccount, type TryResult } from "./verdict.ts";

type NoToken = Exclude<AccessTokenOutcome, { readonly ok: true }>;

const resultWithoutToken = (deps: DeliveryDeps, claim: Claim, outcome: NoToken): TryResult => {
  switch (outcome.why) {
    case "grant_dead":
      return { kind: "hold", problem: outcome.reason };
    case "not_connected":
    case "client_changed":
    case "account_mismatch":
      return { kind: "hold", problem: outcome.why };
    case "client_rejected":
      deps.log.error("delivery_client_rejected", { id: claim.message.id, server: claim.server.id });
      return { kind: "hold", problem: outcome.why };
    case "google_unavailable":
      return { kind: "postpone", problem: "google_unavailable", retryAfterMs: outcome.retryAfterS * SECOND };
  }
};

const refusesToken = (outcome: SendOutcome): boolean =>
  outcome.kind === "refused" && outcome.stage === "auth" && (outcome.reply.code === 535 || outcome.reply.code === 401);

type Answered = Exclude<SendOutcome, { readonly kind: "abandoned" }>;

/** Reads Gmail's reply at a stage that the connection probe does not reach, such as DATA. */
const beyondProbe = (transport: Transport, outcome: Answered): string | null =>
  outcome.kind === "refused" && traitsOf(transport).beyondProbe.some((stage) => stage === outcome.stage)
    ? spoken(outcome.reply)
    : null;

/**
 * Handles Gmail's refusal of the account itself. At first it may be temporary, so the mail is deferred. From the third
 * in a row only a person can help, so the server goes to `error` and its mail is held, also that of other workers.
 */
const handleRefusedAccount = async (deps: DeliveryDeps, { server }: Claim, outcome: Answered): Promise<TryResult> => {
  const { id: serverId } = server;
  const forGood = await countRefusal(deps, { serverId, memory: deps.memory.ledgers });
  if (forGood) await noteRefusal(deps, serverId, { beyondProbe: beyondProbe(server.value.transport, outcome) });
  const now = await deps.records.get("mailServers", serverId);
  return now === undefined || canSend(now.value)
    ? { kind: "gmail", outcome }
    : { kind: "hold", problem: "gmail_refused", ...(outcome.kind === "refused" && { smtp: outcome.reply }) };
};

const gmailResult = async (deps: DeliveryDeps, claim: Claim, outcome: Answered): Promise<TryResult> => {
  if (refusesAccount(outcome, claim.server.value.transport)) return handleRefusedAccount(deps, claim, outcome);
  if (outcome.kind === "refused" && outcome.lacks === "smtputf8")
    await noteSmtpUtf8(deps.records, claim.server.id, false);
  return { kind: "gmail", outcome };
};

/** Hands the mail over. If Gmail refuses the token, it tries once more with a fresh one. */
const handOver = async (deps: DeliveryDeps, current: Try, mail: OutgoingMail): Promise<TryResult | "abandoned"> => {
  const { server } = current.claim;
  const { transport } = server.value;
  const send = async (accessToken: Secret, username: string): Promise<SendOutcome> => {
    const outcome = await deps.transports[transport].send(mail, { username, accessToken }, current.mark);
    if (outcome.kind === "refused" || outcome.kind === "not_sent") current.noteUnsent();
    return outcome;
  };
  const first = await deps.memory.obtainToken(deps, server);
  if (!first.ok) return resultWithoutToken(deps, current.claim, first);
  const outcome = await send(first.token, accountAddress(server.value));
  if (outcome.kind === "abandoned") return "abandoned";
  if (!refusesToken(outcome)) return gmailResult(deps, current.claim, outcome);
  deps.memory.forgetToken(server.id);
  const fresh = await deps.accessTokens.obtain(server.id, first.token);
  if (!fresh.ok) return resultWithoutToken(deps, current.claim, fresh);
  // Getting the fresh token may have revealed that the account was renamed at Google.
  const renewed = (await deps.records.get("mailServers", server.id))?.value ?? server.value;
  const second = await send(fresh.token, accountAddress(renewed));
  if (second.kind === "abandoned") return "abandoned";
  return gmailResult(deps, current.claim, second);
};

/** Waits for a place of the account, since more mails are claimed than may be handed over at once. */
const handOverInTurn = (deps: DeliveryDeps, current: Try, mail: OutgoingMail): Promise<TryResult | "abandoned"> => {
  const { clock, memory } = deps;
  const { id } = current.claim.server;
  const most = mostAtOnce(memory.ledgers.known(id)?.value ?? EMPTY_LEDGER, clock.nowMs());
  return memory.places.hold(id, most, () => handOver(deps, current, mail));
};

/**
 * Settles the claim if something breaks before anything is handed over (an unavailable store or vault, a defect).
 * Otherwise each attempt would keep one of the account's few places until its lease ends, which takes minutes.
 */
const settleIfBroken = async <T>(deps: DeliveryDeps, current: Try, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!current.mayBeOut) {
      const problem = error instanceof Unavailable ? "unavailable" : "internal_error";
      await settle(deps, current.claim, { kind: "postpone", problem, retryAfterMs: null });
    }
    throw error;
  }
};

const tryOnce = async (deps: DeliveryDeps, current: Try): Promise<void> => {
  const send = async () => {
    const mail = await current.mail();
    return typeof mail === "string"
      ? ({ kind: "impossible", problem: mail } as const)
      : handOverInTurn(deps, current, mail);
  };
  const { sizeBytes } = current.claim.message.value;
  const result = await settleIfBroken(deps, current, () => deps.memory.bodies.hold(sizeBytes, send));
  if (result !== "abandoned") return settle(deps, current.claim, result);
  const { id } = current.claim.message;
  if (current.markFailure === null) return deps.log.warn("claim_lost", { id });
  // Nothing was sent, but the mark may be stored in spite of the error, and the lease would then end as "unknown".
  await settle(deps, current.claim, { kind: "postpone", problem: "unavailable", retryAfterMs: null });
};

/**
 * Handles a push about one message: tries to send it, searches for it if its delivery is in doubt, or does nothing if
 * neither is due. So a repeated or late push does no harm. `again` says that nobody acknowledged this push before: its
 * worker may have died before it announced the latest move, so that event is announced again with the same id.
 * Throws `Unavailable`, and any defect.
 */
export const deliverMessage = async (
  deps: DeliveryDeps,
  id: string,
  { again }: { readonly again: boolean } = { again: false },
): Promise<void> => {
  const claim = await claimMessage(deps, id);
  if (claim !== undefined) {
    const { message, server } = claim;
    return tryOnce(deps, new Try(deps, claim)).finally(() => deps.memory.places.forget(server.id, message.id));
  }
  const message = await deps.records.get("messages", id);
  if (message === undefined || !isUnderstoodMessage(message.value)) return;
  if (again) await announceMove(deps, message);
  if (isUnknown(message)) await resolveUnknown(deps, message);
};
