import type { Clock } from "./clock.ts";
import { DAY, MINUTE, SECOND } from "./clock.ts";
import type { ConnectionState, ReasonIn } from "./connection-states.ts";
import type { Announcement } from "./publisher.ts";
import { newId, type Randomness } from "./randomness.ts";
import type { Versioned, Write } from "./records.ts";
import type { Transport } from "./transport.ts";

declare module "./record-kinds.ts" {
  interface RecordKinds {
    /** id: the event's own, `evt_…`; news that has not been told yet */
    notices: Notice;
  }
}

/** What news says about a server's present or last grant: whose it is, and since when. */
export interface NamedGrant {
  readonly sub: string;
  readonly email: string;
  readonly connectedAtMs: number;
}

interface OfServer {
  readonly server: { readonly id: string; readonly name: string; readonly username: string };
}
interface OfGrant<S extends ConnectionState> extends OfServer {
  readonly kind: S;
  readonly grant: NamedGrant;
  readonly reason: ReasonIn<S>;
}

/** Something that happened, with everything that the log, the event and the mail to operators say about it. */
export type News =
  | (OfServer & { readonly kind: "connected"; readonly email: string; readonly transport: Transport })
  | (OfServer & {
      readonly kind: "disconnected";
      /** Null if it is not known whether Google has revoked the grant. */
      readonly outcome: { readonly revoked: boolean; readonly sharedWith: readonly string[] } | null;
    })
  | (OfGrant<"expiring"> & { readonly expiresAtMs: number | null; readonly warning: "first" | "last" })
  | (OfGrant<"error"> & { readonly sinceMs: number })
  | (OfGrant<"reconnect_required"> & {
      readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
      readonly sinceMs: number;
    })
  /** Google refuses the OAuth client itself. */
  | { readonly kind: "client_rejected"; readonly clientId: string; readonly error: string }
  /** An event that could not be published. */
  | { readonly kind: "event"; readonly event: Announcement };

/**
 * News that has not been told yet. It is written in the commit that causes it and deleted once told, so that a crash or
 * an outage of the topic delays it but does not lose it. If it is told twice, the event keeps its id, and the mail its
 * idempotency key.
 */
export interface Notice {
  readonly news: News;
  readonly happenedAtMs: number;
  /** From this time on, the tick assumes that the writer has crashed before telling it. */
  readonly dueAtMs: number;
  readonly eraseAtMs: number;
}

/** Longer than the writer needs to tell it, even if a disconnection waits for a slow Google. Nominal. */
const FORGOTTEN_AFTER_MS = 2 * MINUTE;
/** The minimum at any time scale, because network time-outs do not go below a second. */
const SHORTEST_MS = 10 * SECOND;
/** Notices older than this are dropped. Nominal. */
const KEPT_MS = 7 * DAY;

export const forgottenAtMs = (clock: Pick<Clock, "nowMs" | "lasting">): number =>
  clock.nowMs() + Math.max(SHORTEST_MS, clock.lasting(FORGOTTEN_AFTER_MS));

export const newNotice = (
  clock: Pick<Clock, "nowMs" | "lasting">,
  news: News,
  happenedAtMs = clock.nowMs(),
): Notice => ({
  news,
  happenedAtMs,
  dueAtMs: forgottenAtMs(clock),
  eraseAtMs: happenedAtMs + clock.lasting(KEPT_MS),
});

/** A notice that is about to be committed by `write`. */
export interface Draft {
  readonly id: string;
  readonly value: Notice;
  readonly write: Write;
}

export const draftNotice = (
  deps: { readonly clock: Pick<Clock, "nowMs" | "lasting">; readonly random: Randomness },
  news: News,
): Draft => {
  const own = news.kind === "event" ? news.event.as : undefined;
  const id = own?.id ?? newId(deps.random, "evt");
  const value = newNotice(deps.clock, news, own?.atMs);
  return { id, value, write: { op: "put", kind: "notices", id, value } };
};

/** The stored notice, given the versions of a commit whose last write it was. */
export const writtenNotice = ({ id, value }: Draft, versions: readonly string[]): Versioned<Notice> => ({
  id,
  value,
  version: versions.at(-1) ?? "",
});
