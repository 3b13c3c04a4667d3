/** The names of all members of the types of a union. */
export type MembersOf<T> = T extends unknown ? keyof T : never;

/** Lists the members of a part of a record that this release knows; a table that lacks one does not compile. */
export type KnownMembers<T> = Readonly<Record<MembersOf<T>, true>>;

/** The members that only a later release knows. Code that rebuilds this part of a record must copy them. */
export const unknownMembers = <T extends object>(before: T | null | undefined, known: KnownMembers<T>): object =>
  Object.fromEntries(Object.entries(before ?? {}).filter(([name]) => !Object.hasOwn(known, name)));
