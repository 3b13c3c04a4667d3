import {
  domainEntry,
  isConsumerDomain,
  isServiceAccountDomain,
  mailboxOf,
  parseAddressOrDomain,
  sameMailbox,
} from "../address.ts";
import type { Principal, SessionActor } from "./records.ts";

/** For each listed mailbox, Google's id (`sub`) of the account that first signed in with it. */
export type Pins = Readonly<Record<string, string>>;

/** The people and programs that the settings let in. */
export interface AccessLists {
  /** Folded addresses or `@domain`s. Those in `RELAIS_OPERATORS` count as well and are not repeated here. */
  readonly operators: readonly string[];
  readonly members: readonly string[];
  readonly callers: readonly string[];
  readonly pins: Pins;
  /** When an operator first signed in with Google; in production, this ends the setup token. */
  readonly operatorSignedInAtMs: number | null;
}

/** The part of access that the environment fixes. */
export interface AccessEnvironment {
  readonly operators: readonly string[];
  /** The audience of ID tokens for this installation. */
  readonly publicUrl: string;
}

/** A verified Google account. */
export interface Account {
  /** Folded. */
  readonly email: string;
  readonly sub: string;
  /** `hd` of its ID token; null for an account outside any Workspace. */
  readonly hostedDomain: string | null;
}

/**
 * The `@domain` that an account belongs to, or null. `hd` decides, not the address: a consumer account can be created
 * with a company's address, and keeps it after its owner has left (developers.google.com/identity/openid-connect).
 * Service accounts have no `hd`, but only Google gives out their addresses.
 */
const domainOf = ({ email, hostedDomain }: Omit<Account, "sub">): string | null => {
  const entry = domainEntry(email);
  if (isServiceAccountDomain(entry)) return entry;
  const hosted = hostedDomain === null ? null : parseAddressOrDomain(`@${hostedDomain}`);
  // An earlier release accepted `@gmail.com` as an entry; it must let nobody in.
  return hosted === null || isConsumerDomain(hosted) ? null : hosted;
};

const isExact = (entry: string): boolean => !entry.startsWith("@");

/** Whether a list of addresses and `@domain`s covers this account. `@example.com` does not cover subdomains. */
export const listCovers = (list: readonly string[], account: Omit<Account, "sub">): boolean => {
  const domain = domainOf(account);
  return list.some((entry) => (isExact(entry) ? sameMailbox(entry, account.email) : entry.toLowerCase() === domain));
};

type Lists = Pick<AccessLists, "operators" | "members">;
type FixedLists = Pick<AccessEnvironment, "operators">;

const everyEntry = (settings: Lists, environment: FixedLists): readonly string[] => [
  ...environment.operators,
  ...settings.operators,
  ...settings.members,
];

/** The mailboxes that are listed by address, not by domain. */
export const exactMailboxes = (settings: Lists, environment: FixedLists): ReadonlySet<string> =>
  new Set(everyEntry(settings, environment).filter(isExact).map(mailboxOf));

/** The pins of addresses that are still listed. An address that is removed and listed again is free for any account. */
export const livePins = (pins: Pins, settings: Lists, environment: FixedLists): Pins => {
  const listed = exactMailboxes(settings, environment);
  return Object.fromEntries(Object.entries(pins).filter(([mailbox]) => listed.has(mailbox)));
};

/** The pins after a sign-in: the first account to sign in with a listed address is pinned to it. */
export const pinsAfter = (account: Account, settings: AccessLists, environment: FixedLists): Pins => {
  const live = livePins(settings.pins, settings, environment);
  const mailbox = mailboxOf(account.email);
  return exactMailboxes(settings, environment).has(mailbox) ? { [mailbox]: account.sub, ...live } : live;
};

/** Whether another account is pinned to this address: an address can be reassigned to somebody else. */
const isPinnedToAnother = ({ email, sub }: Account, settings: AccessLists, environment: FixedLists): boolean => {
  const mailbox = mailboxOf(email);
  const pinned = settings.pins[mailbox];
  return pinned !== undefined && pinned !== sub && exactMailboxes(settings, environment).has(mailbox);
};

/** The role of an account, or null. It is decided again at every request, so that a changed list counts at once. */
export const admit = (
  account: Account,
  settings: AccessLists,
  environment: FixedLists,
): Extract<Principal, { readonly kind: "operator" | "member" }> | null => {
  const { email } = account;
  if (isPinnedToAnother(account, settings, environment)) return null;
  const isOperator = listCovers(environment.operators, account) || listCovers(settings.operators, account);
  if (isOperator) return { kind: "operator", email };
  return listCovers(settings.members, account) ? { kind: "member", email } : null;
};

/** The role of a session's holder; null without a Google sign-in, or if an earlier release stored it without `hd`. */
export const admitActor = (actor: SessionActor, settings: AccessLists, environment: FixedLists) => {
  if (actor.kind !== "google" || actor.hostedDomain === undefined) return null;
  return admit({ ...actor, hostedDomain: actor.hostedDomain }, settings, environment);
};

/** The entry with a refused account's address or its domain, so that the page can say why the entry does not apply. */
export const nearestEntry = ({ email }: Account, settings: Lists, environment: FixedLists): string | null => {
  const candidates = [mailboxOf(email), domainEntry(email)];
  return (
    everyEntry(settings, environment).find((entry) => candidates.includes(isExact(entry) ? mailboxOf(entry) : entry)) ??
    null
  );
};
