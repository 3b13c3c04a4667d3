import type { SignedIn } from "../../api/types.ts";

/** A person with all their sessions: one per browser. */
export interface SignedInPerson extends Pick<SignedIn, "actor" | "role" | "lastSeenAt"> {
  /** Of the earliest session that is still open. */
  readonly since: string;
  readonly sessions: number;
}

const earlier = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a < b ? b : a);

/** One entry per person, the last one seen first. */
export const peopleIn = (sessions: readonly SignedIn[]): readonly SignedInPerson[] => {
  const people = new Map<string, SignedInPerson>();
  for (const { actor, role, signedInAt, lastSeenAt } of sessions) {
    const known = people.get(actor) ?? { actor, role, since: signedInAt, lastSeenAt, sessions: 0 };
    people.set(actor, {
      ...known,
      since: earlier(known.since, signedInAt),
      lastSeenAt: later(known.lastSeenAt, lastSeenAt),
      sessions: known.sessions + 1,
    });
  }
  return [...people.values()].sort((a, b) => (a.lastSeenAt < b.lastSeenAt ? 1 : -1));
};
