import type { Clock } from "../../domain/clock.ts";
import { DAY } from "../../domain/clock.ts";
import type { Publisher, Topic, TopicMessage } from "../../domain/publisher.ts";
import type { Connection } from "./connection.ts";

/** How long events and dead letters can be inspected (nominal). */
const RETENTION_MS = 7 * DAY;

/** One message handed to a subscriber, as Pub/Sub's push does it. */
export interface Delivery {
  /**
   * Identifies this delivery rather than the message: once its lease has ended and another took over, it has no effect.
   */
  readonly id: string;
  /** Identifies the message: the same at every delivery, and never reused. */
  readonly messageId: string;
  readonly topic: Topic;
  readonly message: TopicMessage;
  /** 1 at the first delivery (Pub/Sub's `deliveryAttempt`). */
  readonly attempt: number;
  readonly publishedAtMs: number;
  /** Empty if it is in none. */
  readonly lane: string;
}

/**
 * The durable queue behind the publisher, in the same file: at least once, each topic roughly in the order of
 * publishing, mail after everything else. A message stays until it is `done` or buried. A claim only moves its due time
 * to the end of the lease, so that messages held by a killed process come back.
 *
 * Nothing subscribes to `mail-events` here: its messages are never delivered, `events` returns them, and `sweep` drops
 * them after 7 days.
 */
export interface SqliteQueue {
  /** Claims up to `limit` due messages for `leaseMs` (real milliseconds), of each lane at most so many. */
  claim(limit: number, leaseMs: number, placesIn?: (lane: string) => number): Promise<readonly Delivery[]>;
  done(id: string): Promise<void>;
  /** Makes the message due again after this many real milliseconds. */
  retry(id: string, afterMs: number): Promise<void>;
  /** Moves the message to the dead letters. */
  bury(id: string): Promise<void>;
  /**
   * Ends every lease now, so that messages of a killed process need not wait. For the start of the only pumping
   * process.
   */
  releaseLeases(): void;
  /** When the next message is due that is not due by now (milliseconds since the epoch); null if there is none. */
  nextDueAtMs(): number | null;
  /** Calls back after each publish by this process of what is delivered; returns a function that stops it. */
  onPublish(listener: (lane: string) => void): () => void;
  deadLetters(): readonly Delivery[];
  /** The messages published on `mail-events` in the last 7 days, newest first. */
  events(limit: number): readonly TopicMessage[];
  /** Drops events and dead letters older than 7 days. */
  sweep(): void;
}

const WAITING = "buriedAtMs IS NULL AND topic <> 'mail-events'";
const MAIL = "buriedAtMs IS NULL AND topic = 'mail-send'";
const NO_MAIL = "buriedAtMs IS NULL AND topic NOT IN ('mail-events', 'mail-send')";

export const sqliteQueue = (connection: Connection, clock: Clock): SqliteQueue & { readonly publisher: Publisher } => {
  const listeners = new Set<(lane: string) => void>();
  /**
   * Changes the row of a delivery if that delivery still holds it. If a power cut takes that back, the message is
   * delivered again.
   */
  const settle = async (act: string, id: string, change: string, ...values: number[]): Promise<void> => {
    const [row, attempt] = id.split(".");
    await connection.writeSoon(act, () =>
      connection.sql(`${change} WHERE id = ? AND attempt = ?`).run(...values, Number(row), Number(attempt)),
    );
  };
  return {
    publisher: {
      publish: async (topic, message) => {
        await connection.writeTogether(`publish on ${topic}`, () =>
          enqueue(connection, { topic, message, nowMs: clock.nowMs() }),
        );
        // Events are only kept.
        if (topic !== "mail-events") for (const listener of listeners) listener(message.lane ?? "");
      },
    },
    claim: (limit, leaseMs, placesIn = () => limit) =>
      claim(connection, { limit, nowMs: clock.nowMs(), leaseMs, placesIn }),
    done: (id) => settle("acknowledge a message", id, "DELETE FROM queue"),
    retry: (id, afterMs) =>
      settle("put back a message", id, "UPDATE queue SET dueAtMs = ?", Math.ceil(clock.nowMs() + afterMs)),
    bury: (id) => settle("bury a message", id, "UPDATE queue SET buriedAtMs = ?", clock.nowMs()),
    releaseLeases: () => {
      // A row in back-off looks the same as a leased one; trying it early once is harmless.
      const release = `UPDATE queue SET dueAtMs = min(dueAtMs, ?) WHERE attempt > 0 AND ${WAITING}`;
      connection.write("release leases", () => connection.sql(release).run(clock.nowMs()));
    },
    nextDueAtMs: () => {
      const select = `SELECT min(dueAtMs) AS dueAtMs FROM queue WHERE ${WAITING} AND dueAtMs > ?`;
      const due = connection.read("read the queue", () => connection.sql(select).get(clock.nowMs()))?.dueAtMs;
      return typeof due === "number" ? due : null;
    },
    onPublish: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    deadLetters: () => {
      const select = "SELECT * FROM queue WHERE buriedAtMs IS NOT NULL ORDER BY id";
      return connection.read("read dead letters", () => connection.sql(select).all()).map(toDelivery);
    },
    events: (limit) => {
      const select = "SELECT * FROM queue WHERE topic = 'mail-events' ORDER BY id DESC LIMIT ?";
      return connection
        .read("read events", () => connection.sql(select).all(limit))
        .map((row) => toDelivery(row).message);
    },
    sweep: () => {
      const drop = "DELETE FROM queue WHERE publishedAtMs < ? AND (topic = 'mail-events' OR buriedAtMs IS NOT NULL)";
      const before = Math.floor(clock.nowMs() - clock.lasting(RETENTION_MS));
      connection.write("sweep the queue", () => connection.sql(drop).run(before));
    },
  };
};

const enqueue = (
  connection: Connection,
  { topic, message, nowMs }: { readonly topic: Topic; readonly message: TopicMessage; readonly nowMs: number },
): void => {
  const insert = "INSERT INTO queue (topic, data, attributes, publishedAtMs, dueAtMs, lane) VALUES (?, ?, ?, ?, ?, ?)";
  const data = JSON.stringify(message.data);
  const attributes = JSON.stringify(message.attributes);
  connection.sql(insert).run(topic, data, attributes, nowMs, nowMs, message.lane ?? "");
};

interface Wanted {
  readonly limit: number;
  readonly nowMs: number;
  readonly leaseMs: number;
  readonly placesIn: (lane: string) => number;
}

const claim = async (connection: Connection, wanted: Wanted): Promise<readonly Delivery[]> => {
  // Looks without the write lock first: an idle pump must not block writers in other processes.
  const ids = connection.read("read the queue", () => dueIds(connection, wanted));
  if (ids.length === 0) return [];
  const { nowMs, leaseMs } = wanted;
  const take = `UPDATE queue SET attempt = attempt + 1, dueAtMs = ?
                WHERE id IN (SELECT value FROM json_each(?)) AND dueAtMs <= ? AND ${WAITING} RETURNING *`;
  // A power cut ends this process too, and with it the lease.
  const rows = await connection.writeSoon("claim messages", () =>
    connection.sql(take).all(Math.ceil(nowMs + leaseMs), JSON.stringify(ids), nowMs),
  );
  // RETURNING has no defined order.
  return rows.sort((a, b) => Number(a.id) - Number(b.id)).map(toDelivery);
};

/**
 * The messages that are due, mail after everything else: on Google, each topic has its own subscription, so a tick
 * never waits behind thousands of messages. Of the lanes, the one whose message has waited longest comes first.
 */
const dueIds = (connection: Connection, { limit, nowMs, placesIn }: Wanted): readonly number[] => {
  const others = `SELECT id FROM queue WHERE ${NO_MAIL} AND dueAtMs <= ? ORDER BY dueAtMs, id LIMIT ?`;
  const found = connection.sql(others).all(nowMs, limit).map(idOf);
  const inLane = `SELECT id FROM queue WHERE ${MAIL} AND lane = ? AND dueAtMs <= ? ORDER BY dueAtMs, id LIMIT ?`;
  for (const lane of lanesDue(connection, nowMs)) {
    const places = Math.min(limit - found.length, placesIn(lane));
    if (places > 0) found.push(...connection.sql(inLane).all(lane, nowMs, places).map(idOf));
  }
  return found;
};

/** The lanes with mail that is due. It hops over the index, so a long lane costs no more than a short one. */
const lanesDue = (connection: Connection, nowMs: number): readonly string[] => {
  const next = (after: string): string => `SELECT min(lane) FROM queue WHERE ${MAIL}${after}`;
  const hop = `WITH RECURSIVE lanes(lane) AS
                 (${next("")} UNION ALL SELECT (${next(" AND lane > lanes.lane")}) FROM lanes WHERE lane IS NOT NULL)
               SELECT lane, (SELECT min(dueAtMs) FROM queue WHERE ${MAIL} AND lane = lanes.lane) AS dueAtMs
               FROM lanes WHERE lane IS NOT NULL AND dueAtMs <= ? ORDER BY dueAtMs`;
  return connection
    .sql(hop)
    .all(nowMs)
    .map(({ lane }) => String(lane));
};

const idOf = ({ id }: Record<string, unknown>): number => Number(id);

const toDelivery = (row: Record<string, unknown>): Delivery => ({
  id: `${row.id}.${row.attempt}`,
  messageId: String(row.id),
  // Only `enqueue` writes this column, and it accepts nothing but a topic.
  topic: String(row.topic) as Topic,
  message: { data: JSON.parse(String(row.data)), attributes: JSON.parse(String(row.attributes)) },
  attempt: Number(row.attempt),
  lane: String(row.lane),
  publishedAtMs: Number(row.publishedAtMs),
});
