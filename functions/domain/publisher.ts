export type Topic = "mail-send" | "token-checks" | "mail-dispatch" | "mail-events";

export interface TopicMessage {
  /** JSON. Internal messages hold ids only. */
  readonly data: unknown;
  readonly attributes: Readonly<Record<string, string>>;
}

/** At-least-once delivery to the function subscribed to a topic. Throws `Unavailable` when the message may not have been taken. */
export interface Publisher {
  publish(topic: Topic, message: TopicMessage): Promise<void>;
}

export type EventType =
  | `relais.message.${"sent" | "deferred" | "held" | "unknown" | "resolved" | "failed" | "canceled" | "expired"}.v1`
  | `relais.server.${"connected" | "expiring" | "reconnect_required" | "disconnected" | "quota_warning"}.v1`;

export type ServerEvent = Extract<EventType, `relais.server.${string}`>;

/** What the world is told on topic `mail-events` (CloudEvents 1.0 JSON). Never holds a token, a code, a secret or a body. */
export interface Announcement {
  readonly type: EventType;
  /** Id of the message or server. */
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The event's own id, and when it happened: told again, it is the same event. Absent: a new one, of now. */
  readonly as?: { readonly id: string; readonly atMs: number };
}

/** Tells the world, never to the caller's harm: what the topic does not take is kept as a notice and told by the next tick. */
export type Announce = (announcement: Announcement) => Promise<void>;
