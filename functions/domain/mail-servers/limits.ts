import { domainEntry, isConsumerDomain } from "../address.ts";
import { grantOf, type MailServer } from "./mail-server.ts";

/** Recipients in a rolling minute and in rolling 24 hours. */
export interface Limits {
  readonly perMinute: number;
  readonly perDay: number;
}

/**
 * What Google lets an account send: about 500 recipients a day with gmail.com, 2,000 with Workspace (support.google.com/a/answer/166852).
 * The minute is ours: a pace that does not look like abuse.
 */
const DEFAULT_LIMITS = {
  gmail: { perMinute: 20, perDay: 500 },
  workspace: { perMinute: 20, perDay: 2_000 },
} as const satisfies Record<"gmail" | "workspace", Limits>;

/**
 * A mailbox at Gmail has a gmail.com address or is a Workspace's, whether or not `hd` says so: a consumer's Google account under another address
 * has no Gmail.
 */
export const kindOfAccount = (email: string, hostedDomain: string | null): "gmail" | "workspace" =>
  hostedDomain === null && isConsumerDomain(domainEntry(email)) ? "gmail" : "workspace";

/** As Google said at the connection; before it, by the address. */
export const accountKindOf = (server: Pick<MailServer, "username" | "connection">): "gmail" | "workspace" => {
  const kind = grantOf(server)?.accountKind;
  // A kind of a later release has limits that this one does not know.
  return kind !== undefined && Object.hasOwn(DEFAULT_LIMITS, kind) ? kind : kindOfAccount(server.username, null);
};

export const defaultLimits = (server: Pick<MailServer, "username" | "connection">): Limits =>
  DEFAULT_LIMITS[accountKindOf(server)];

/** The limits in force: those set, else those of the account's kind. */
export const limitsOf = (server: Pick<MailServer, "username" | "connection" | "limits">): Limits =>
  server.limits ?? defaultLimits(server);
