import {
  domainEntry,
  isConsumerDomain,
  isServiceAccountDomain,
  mailboxOf,
  parseAddressOrDomain,
  sameMailbox,
} from "../address.ts";
import type { Principal, SessionActor } from "./records.ts";

/** Google's id of the account (`sub`) that first signed in under a listed address, by the mailbox that the address names. */
export type Pins = Readonly<Record<string, string>>;

/** Who may come in, as operators have set it. */
export interface AccessLists {
  /** Addresses or `@domain`s, folded to lower case; those of `RELAIS_OPERATORS` count besides and are not repeated here. */
  readonly operators: readonly string[];
  readonly members: readonly string[];
  readonly callers: readonly string[];
  /** Which account each single address on the lists stands for, once one has signed in under it. */
  readonly pins: Pins;
  /** When an operator first signed in with Google: from then on the setup token is dead in production. */
  readonly operatorSignedInAtMs: number | null;
}

/** What the environment says of it. */
export interface AccessEnvironment {
  readonly operators: readonly string[];
  /** The audience of ID tokens that are made for this installation. */
  readonly publicUrl: string;
}

/** A proven Google account. */
export interface Account {
  /** Folded. */
  readonly email: string;
  readonly sub: string;
  /** `hd` of its ID token; null for an account outside any Workspace. */
  readonly hostedDomain: string | null;
}

/**
 * The `@domain` that an account belongs to; null: none. Google's word (`hd`) decides and not the address: a consumer account can be made under an
 * address of somebody's own domain and keeps it after that person has left (developers.google.com/identity/openid-connect). Service
 * accounts have no `hd`, and only Google gives their addresses.
 */
const domainOf = ({ email, hostedDomain }: Omit<Account, "sub">): string | null => {
  const entry = domainEntry(email);
  if (isServiceAccountDomain(entry)) return entry;
  const hosted = hostedDomain === null ? null : parseAddressOrDomain(`@${hostedDomain}`);
  // An earlier release took `@gmail.com` for an entry, which must let in nobody.
  return hosted === null || isConsumerDomain(hosted) ? null : hosted;
};

const isExact = (entry: string): boolean => !entry.startsWith("@");

/** Does a list of addresses and `@domain`s let this account in? `@example.com` does not cover subdomains. */
export const names = (list: readonly string[], account: Omit<Account, "sub">): boolean => {
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

/** Mailboxes that stand on a list of people by their own address. */
export const exactMailboxes = (settings: Lists, environment: FixedLists): ReadonlySet<string> =>
  new Set(everyEntry(settings, environment).filter(isExact).map(mailboxOf));

/** The pins of the addresses that still stand on a list: taken out and put back, an address is free for the next account. */
export const livePins = (pins: Pins, settings: Lists, environment: FixedLists): Pins => {
  const listed = exactMailboxes(settings, environment);
  return Object.fromEntries(Object.entries(pins).filter(([mailbox]) => listed.has(mailbox)));
};

/** The pins once this account has signed in: the first account that comes under a listed address is the one that the entry means from then on. */
export const pinsAfter = (account: Account, settings: AccessLists, environment: FixedLists): Pins => {
  const live = livePins(settings.pins, settings, environment);
  const mailbox = mailboxOf(account.email);
  return exactMailboxes(settings, environment).has(mailbox) ? { [mailbox]: account.sub, ...live } : live;
};

/** Is this address listed, and another account the one that was let in by it? An address can be given to somebody else. */
const isPinnedToAnother = ({ email, sub }: Account, settings: AccessLists, environment: FixedLists): boolean => {
  const mailbox = mailboxOf(email);
  const pinned = settings.pins[mailbox];
  return pinned !== undefined && pinned !== sub && exactMailboxes(settings, environment).has(mailbox);
};

/** What the holder of that account is here. Decided anew at every request: a list that changes counts at once. */
export const admit = (
  account: Account,
  settings: AccessLists,
  environment: FixedLists,
): Extract<Principal, { readonly kind: "operator" | "member" }> | null => {
  const { email } = account;
  if (isPinnedToAnother(account, settings, environment)) return null;
  if (names(environment.operators, account) || names(settings.operators, account)) return { kind: "operator", email };
  return names(settings.members, account) ? { kind: "member", email } : null;
};

/** What the holder of a session is here; null also for one that did not sign in with Google, or by an earlier release, which kept no `hd`. */
export const admitActor = (actor: SessionActor, settings: AccessLists, environment: FixedLists) => {
  if (actor.kind !== "google" || actor.hostedDomain === undefined) return null;
  return admit({ ...actor, hostedDomain: actor.hostedDomain }, settings, environment);
};

/** The entry that a refused account comes near to, so that its page can name it: its own address' domain, or the address itself. */
export const nearestEntry = ({ email }: Account, settings: Lists, environment: FixedLists): string | null => {
  const near = [mailboxOf(email), domainEntry(email)];
  return (
    everyEntry(settings, environment).find((entry) => near.includes(isExact(entry) ? mailboxOf(entry) : entry)) ?? null
  );
};
