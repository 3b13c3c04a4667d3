import type { Clock } from "./clock.ts";
import { DAY, MINUTE, SECOND } from "./clock.ts";
import type { ConnectionState, ReasonIn } from "./connection-states.ts";
import type { Announcement } from "./publisher.ts";
import { newId, type Randomness } from "./randomness.ts";
import type { Versioned, Write } from "./records.ts";
import type { Transport } from "./transport.ts";

declare module "./record-kinds.ts" {
  interface RecordKinds {
    /** id: `evt_…`, the event's own; what is still to be told */
    notices: Notice;
  }
}

/** What news say of the grant that a server lives by, or lived by: whose it is, and since when. */
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

/** What happened, with all that log, event and mail to the operators say of it. */
export type News =
  | (OfServer & { readonly kind: "connected"; readonly email: string; readonly transport: Transport })
  | (OfServer & {
      readonly kind: "disconnected";
      /** Null while it is not known what became of the grant at Google. */
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
  /** Any event that the topic did not take. */
  | { readonly kind: "event"; readonly event: Announcement };

/**
 * News that are still to be told. Written in the commit that brings them about and deleted once they are told: a crash in between, or a topic that takes
 * nothing for a while, delays them and loses none. Told twice, an event has the same id (the notice's), and a mail is sent once by its key.
 */
export interface Notice {
  readonly news: News;
  readonly happenedAtMs: number;
  /** From when on it counts as forgotten by whoever wrote it. */
  readonly dueAtMs: number;
  readonly eraseAtMs: number;
}

/** Longer than whoever wrote it takes to tell it, disconnecting at Google's slowest included. Nominal. */
const FORGOTTEN_AFTER_MS = 2 * MINUTE;
/** However the time is scaled: network time-outs go down to a second only. */
const SHORTEST_MS = 10 * SECOND;
/** What could not be told for so long is no news. Nominal. */
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

/** A notice that goes with a commit: `write` into it; `told` is what to tell once `outcome` says that it was done. */
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

/** As it was written by a commit whose last write it was. */
export const writtenNotice = ({ id, value }: Draft, versions: readonly string[]): Versioned<Notice> => ({
  id,
  value,
  version: versions.at(-1) ?? "",
});
