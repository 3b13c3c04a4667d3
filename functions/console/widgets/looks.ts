import type { ConnectionState } from "../../domain/connection-states.ts";
import type { MessageStatus } from "../../domain/messages/message.ts";
import type { IconName } from "./icon.tsx";
import type { Tone } from "./notice.tsx";

/** How a badge shows a state. */
export interface Look {
  readonly tone: Tone | "neutral";
  readonly icon: IconName;
}

/** How the pages about a message show its status. */
interface MessageLook extends Look {
  /** The tone of the notice that says how it stands. */
  readonly notice: Tone;
  /** Whether it is expected to change within seconds, so that the page asks often. */
  readonly changesSoon: boolean;
  /** Whether the last attempt says why it stands so. */
  readonly tellsRefusal: boolean;
}

const CONNECTIONS: Readonly<Record<ConnectionState, Look>> = {
  not_connected: { tone: "neutral", icon: "plug" },
  valid: { tone: "good", icon: "check" },
  expiring: { tone: "warn", icon: "clock" },
  reconnect_required: { tone: "bad", icon: "plug" },
  error: { tone: "bad", icon: "warning" },
};

const QUIET = { changesSoon: false, tellsRefusal: false } as const;

const MESSAGES: Readonly<Record<MessageStatus, MessageLook>> = {
  queued: { ...QUIET, tone: "info", icon: "clock", notice: "info", changesSoon: true },
  scheduled: { ...QUIET, tone: "info", icon: "clock", notice: "info" },
  held: { ...QUIET, tone: "warn", icon: "pause", notice: "warn" },
  sending: { ...QUIET, tone: "info", icon: "send", notice: "info", changesSoon: true },
  deferred: { ...QUIET, tone: "warn", icon: "clock", notice: "warn", tellsRefusal: true },
  unknown: { ...QUIET, tone: "warn", icon: "question", notice: "warn" },
  sent: { ...QUIET, tone: "good", icon: "check", notice: "good" },
  failed: { ...QUIET, tone: "bad", icon: "cross", notice: "bad", tellsRefusal: true },
  canceled: { ...QUIET, tone: "neutral", icon: "cross", notice: "info" },
  expired: { ...QUIET, tone: "neutral", icon: "clock", notice: "info" },
};

export const HELD_BY_LIMIT: Look = { tone: "neutral", icon: "clock" };

/** A state that a later release has written, shown as it came. */
const LATER: MessageLook = { ...QUIET, tone: "neutral", icon: "question", notice: "info" };

export const connectionLook = (state: ConnectionState): Look =>
  Object.hasOwn(CONNECTIONS, state) ? CONNECTIONS[state] : LATER;

export const messageLook = (status: MessageStatus): MessageLook =>
  Object.hasOwn(MESSAGES, status) ? MESSAGES[status] : LATER;
