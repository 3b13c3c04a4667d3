import { mailboxOf } from "../address.ts";
import type { Page, Records } from "../records.ts";
import type { Session } from "./records.ts";

/** Whose sessions: everyone's under an address, however it is spelt, or one Google account's. */
export type SessionsOf = { readonly email: string } | { readonly sub: string };

/** Each is deleted in a commit of its own batch; a commit takes 20 writes. */
const BATCH = 20;

const pageOf = (records: Records, of: SessionsOf): Promise<Page<Session> | "bad_cursor"> =>
  "email" in of
    ? records.query("sessionsOfMailbox", { actorMailbox: mailboxOf(of.email) }, { limit: BATCH })
    : records.query("sessionsOfAccount", { actorSub: of.sub }, { limit: BATCH });

/**
 * Ends every session of a person; answers how many there were. A sign-in at the same moment may begin one that stays. Idempotent. Throws
 * `Unavailable`, after which some may have ended.
 */
export const endSessionsOf = async (records: Records, of: SessionsOf): Promise<number> => {
  let ended = 0;
  for (;;) {
    const page = await pageOf(records, of);
    if (page === "bad_cursor" || page.items.length === 0) return ended;
    // Whatever its version: a session that is just being used must end too.
    await records.commit(page.items.map(({ id }) => ({ op: "delete", kind: "sessions", id })));
    ended += page.items.length;
  }
};
