/** The names of all members of the types of a union. */
export type MembersOf<T> = T extends unknown ? keyof T : never;

/** A table of every member that this release knows of a part of a record; one that is missing does not compile. */
export type KnownMembers<T> = Readonly<Record<MembersOf<T>, true>>;

/**
 * What a later release has written beside the members that this one knows. Whoever builds that part of a record anew
 * keeps it.
 */
export const unknownMembers = <T extends object>(before: T | null | undefined, known: KnownMembers<T>): object =>
  Object.fromEntries(Object.entries(before ?? {}).filter(([name]) => !Object.hasOwn(known, name)));
