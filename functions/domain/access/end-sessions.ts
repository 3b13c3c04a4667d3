import { mailboxOf } from "../address.ts";
import { everyPage } from "../every-record.ts";
import type { Records, Versioned } from "../records.ts";
import type { Session } from "./records.ts";

/** The sessions of a mailbox, however its address is written, or those of one Google account. */
export type SessionsOf = { readonly email: string } | { readonly sub: string };

/** A commit takes at most 20 writes. */
const BATCH = 20;

const pagesOf = (records: Records, of: SessionsOf): AsyncIterable<readonly Versioned<Session>[]> =>
  "email" in of
    ? everyPage(records, "sessionsOfMailbox", { actorMailbox: mailboxOf(of.email) }, { page: BATCH })
    : everyPage(records, "sessionsOfAccount", { actorSub: of.sub }, { page: BATCH });

/**
 * Ends the sessions of a person, except those that `spares` returns true for, and counts them. A concurrent sign-in may
 * leave a new one. Idempotent. Throws `Unavailable`, after which some may have ended.
 */
export const endSessionsOf = async (
  records: Records,
  of: SessionsOf,
  spares: (session: Session) => boolean = () => false,
): Promise<number> => {
  let ended = 0;
  for await (const page of pagesOf(records, of)) {
    const over = page.filter(({ value }) => !spares(value));
    // The delete is unconditional: a session that is in use, and so being rewritten, must end too.
    if (over.length > 0) await records.commit(over.map(({ id }) => ({ op: "delete", kind: "sessions", id })));
    ended += over.length;
  }
  return ended;
};
