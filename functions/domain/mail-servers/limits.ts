import { domainEntry, isConsumerDomain } from "../address.ts";
import { grantOf, type MailServer } from "./mail-server.ts";

/** The most recipients in any minute and in any 24 hours. */
export interface Limits {
  readonly perMinute: number;
  readonly perDay: number;
}

/**
 * Google allows about 500 recipients a day in gmail.com, 2,000 in Workspace (support.google.com/a/answer/166852).
 * The limit per minute is our own choice, so that the pace does not look like abuse.
 */
const DEFAULT_LIMITS = {
  gmail: { perMinute: 20, perDay: 500 },
  workspace: { perMinute: 20, perDay: 2_000 },
} as const satisfies Record<"gmail" | "workspace", Limits>;

/**
 * A Gmail mailbox outside gmail.com always belongs to a Workspace, even without `hd`: a consumer account with an
 * address of another domain has no Gmail.
 */
export const kindOfAccount = (email: string, hostedDomain: string | null): "gmail" | "workspace" =>
  hostedDomain === null && isConsumerDomain(domainEntry(email)) ? "gmail" : "workspace";

/** The kind that Google reported when the server was connected; before that, a guess by the address. */
export const accountKindOf = (server: Pick<MailServer, "username" | "connection">): "gmail" | "workspace" => {
  const kind = grantOf(server)?.accountKind;
  // This release does not know the limits of a later release's kind.
  return kind !== undefined && Object.hasOwn(DEFAULT_LIMITS, kind) ? kind : kindOfAccount(server.username, null);
};

export const defaultLimits = (server: Pick<MailServer, "username" | "connection">): Limits =>
  DEFAULT_LIMITS[accountKindOf(server)];

/** The limits in force: those that are set, or the defaults of the account's kind. */
export const limitsOf = (server: Pick<MailServer, "username" | "connection" | "limits">): Limits =>
  server.limits ?? defaultLimits(server);
