import { mailboxOf } from "../address.ts";
import type { Page, Records } from "../records.ts";
import type { Session } from "./records.ts";

/** Whose sessions: everyone's under an address, however it is spelt, or one Google account's. */
export type SessionsOf = { readonly email: string } | { readonly sub: string };

/** Each is deleted in a commit of its own batch; a commit takes 20 writes. */
const BATCH = 20;

const pageOf = (records: Records, of: SessionsOf, cursor: string | null): Promise<Page<Session> | "bad_cursor"> =>
  "email" in of
    ? records.query("sessionsOfMailbox", { actorMailbox: mailboxOf(of.email) }, { limit: BATCH, cursor })
    : records.query("sessionsOfAccount", { actorSub: of.sub }, { limit: BATCH, cursor });

/**
 * Ends the sessions of a person, but for those that `spares`; answers how many. A sign-in at the same moment may begin one that stays. Idempotent. Throws
 * `Unavailable`, after which some may have ended.
 */
export const endSessionsOf = async (
  records: Records,
  of: SessionsOf,
  spares: (session: Session) => boolean = () => false,
): Promise<number> => {
  let ended = 0;
  let cursor: string | null = null;
  do {
    const page: Page<Session> | "bad_cursor" = await pageOf(records, of, cursor);
    if (page === "bad_cursor") throw new Error("the store refused its own cursor");
    const over = page.items.filter(({ value }) => !spares(value));
    // Whatever its version: a session that is just being used must end too.
    if (over.length > 0) await records.commit(over.map(({ id }) => ({ op: "delete", kind: "sessions", id })));
    ended += over.length;
    cursor = page.next;
  } while (cursor !== null);
  return ended;
};
