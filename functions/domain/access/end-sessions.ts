import { mailboxOf } from "../address.ts";
import { everyPage } from "../every-record.ts";
import type { Records, Versioned } from "../records.ts";
import type { Session } from "./records.ts";

/** Whose sessions: everyone's under an address, however it is spelt, or one Google account's. */
export type SessionsOf = { readonly email: string } | { readonly sub: string };

/** Each is deleted in a commit of its own batch; a commit takes 20 writes. */
const BATCH = 20;

const pagesOf = (records: Records, of: SessionsOf): AsyncIterable<readonly Versioned<Session>[]> =>
  "email" in of
    ? everyPage(records, "sessionsOfMailbox", { actorMailbox: mailboxOf(of.email) }, { page: BATCH })
    : everyPage(records, "sessionsOfAccount", { actorSub: of.sub }, { page: BATCH });

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
  for await (const page of pagesOf(records, of)) {
    const over = page.filter(({ value }) => !spares(value));
    // Whatever its version: a session that is just being used must end too.
    if (over.length > 0) await records.commit(over.map(({ id }) => ({ op: "delete", kind: "sessions", id })));
    ended += over.length;
  }
  return ended;
};
