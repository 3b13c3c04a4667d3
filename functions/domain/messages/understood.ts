import { isOfLaterVersion } from "../record-version.ts";
import type { HeldBecause, Message, Recipient, StoredBody } from "./message.ts";
import { isKnownStatus, type MessageIn } from "./statuses.ts";

const HELD_BECAUSE: Readonly<Record<HeldBecause, true>> = {
  limit_reached: true,
  reconnect_required: true,
  paused: true,
};
const PHASES: Readonly<Record<MessageIn<"sending">["phase"], true>> = { claimed: true, data: true };
const BODIES: Readonly<Record<StoredBody["kind"], true>> = {
  inline: true,
  chunks: true,
  raw: true,
  raw_chunks: true,
  erased: true,
};
const RECIPIENTS: Readonly<Record<Recipient["state"], true>> = { pending: true, accepted: true, rejected: true };

const isKnownState = (message: Message): boolean => {
  if (!isKnownStatus(message.status)) return false;
  if (message.status === "held") return Object.hasOwn(HELD_BECAUSE, message.because);
  return message.status !== "sending" || Object.hasOwn(PHASES, message.phase);
};

/**
 * Checks whether this release knows the message's status, why it is held, where its body is and each recipient's state.
 * If not, a later release wrote it: it is shown, but never sent, moved, postponed or erased.
 */
export const isUnderstoodMessage = (message: Message): boolean =>
  !isOfLaterVersion("messages", message) &&
  isKnownState(message) &&
  Object.hasOwn(BODIES, message.body.kind) &&
  message.recipients.every(({ state }) => Object.hasOwn(RECIPIENTS, state));
