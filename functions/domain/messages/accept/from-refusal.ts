import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Problem } from "../../problem.ts";
import { isKept, isVouchedFor, mayStandInFrom } from "./from-coverage.ts";

const distinct = (list: readonly string[]): readonly string[] => [...new Set(list)];

/** Lists the addresses and, if an operator vouches for them, the `@domain`s that this server may put into From. */
const allowedBy = (server: MailServer): readonly string[] => {
  const known = [server.username, ...(grantOf(server)?.sendAs?.addresses ?? []), ...server.fromFilter];
  const addresses = known.filter((entry) => !entry.startsWith("@") && mayStandInFrom(server, entry));
  const vouched = isVouchedFor(server);
  return distinct([...addresses, ...server.fromFilter.filter((entry) => vouched && entry.startsWith("@"))]);
};

const allowedByAny = (servers: readonly MailServer[]): readonly string[] => distinct(servers.flatMap(allowedBy));

/**
 * No server among `servers`, which could have been chosen, covers this From. `unshared` says that another covers it,
 * but the caller must name it.
 */
export const noServerMaySendFrom = (from: string, servers: readonly MailServer[], unshared: boolean): Problem => ({
  code: "from_not_allowed",
  from,
  because: unshared ? "not_shared" : "no_server",
  allowed: allowedByAny(servers),
});

/** The named server does not cover this From, or Gmail would rewrite it. `folded` is the address for comparisons. */
export const serverMayNotSendFrom = (server: MailServer, from: string, folded: string): Problem => ({
  code: "from_not_allowed",
  from,
  because: isKept(server, folded) ? "not_in_filter" : "not_confirmed",
  allowed: allowedBy(server),
});
