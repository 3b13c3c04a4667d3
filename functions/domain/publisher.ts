import type { DocumentDelivery } from "./document-delivery.ts";

export type Topic = "mail-send" | "token-checks" | "mail-dispatch" | "mail-events";

export interface TopicMessage {
  /** JSON. Internal messages hold ids only. */
  readonly data: unknown;
  readonly attributes: Readonly<Record<string, string>>;
  /**
   * Messages of one lane share something that is scarce, such as an account's few places: a queue that knows lanes
   * delivers few of each at once, so that those of others need not wait behind them. Others ignore it.
   */
  readonly lane?: string;
}

/** Delivers at least once to a topic's subscribers. Throws `Unavailable` if the message may not have been taken. */
export interface Publisher {
  publish(topic: Topic, message: TopicMessage): Promise<void>;
}

export type EventType =
  | `relais.message.${"sent" | "deferred" | "held" | "unknown" | "resolved" | "failed" | "canceled" | "expired"}.v1`
  | `relais.server.${"connected" | "expiring" | "reconnect_required" | "disconnected" | "quota_warning"}.v1`;

export type ServerEvent = Extract<EventType, `relais.server.${string}`>;

/** An event for the topic `mail-events` (CloudEvents 1.0 JSON). It never holds a token, a code, a secret or a body. */
export interface Announcement {
  readonly type: EventType;
  /** Id of the message or server. */
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The id and time of an event that may have been published before. Absent for a new event, which happens now. */
  readonly as?: { readonly id: string; readonly atMs: number };
  /** What the document that the message came from must say now. It is written there, never published. */
  readonly document?: DocumentDelivery;
  /** It has been published, and only the document is left. */
  readonly published?: true;
  /** It comes from a notice, which is told again if announcing throws. */
  readonly fromNotice?: true;
}

/**
 * Publishes an event, and writes what it means into the document that its message came from. If either fails, the event
 * is stored as a notice, which the next tick announces. Throws `Unavailable` if that fails and it is from a notice.
 */
export type Announce = (announcement: Announcement) => Promise<void>;
