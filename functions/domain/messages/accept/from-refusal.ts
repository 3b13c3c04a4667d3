import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Problem } from "../../problem.ts";
import { isKept, isVouchedFor, mayStandInFrom } from "./from-coverage.ts";

const distinct = (list: readonly string[]): readonly string[] => [...new Set(list)];

/** Addresses and, where an operator has vouched for them, `@domain`s that this server may put into From. */
const allowedBy = (server: MailServer): readonly string[] => {
  const known = [server.username, ...(grantOf(server)?.sendAs?.addresses ?? []), ...server.fromFilter];
  const addresses = known.filter((entry) => !entry.startsWith("@") && mayStandInFrom(server, entry));
  const vouched = isVouchedFor(server);
  return distinct([...addresses, ...server.fromFilter.filter((entry) => vouched && entry.startsWith("@"))]);
};

const allowedByAny = (servers: readonly MailServer[]): readonly string[] => distinct(servers.flatMap(allowedBy));

/** No server covers this From; `servers`: those that could have been chosen. `unshared`: one covers it that must be named. */
export const noServerMaySendFrom = (from: string, servers: readonly MailServer[], unshared: boolean): Problem => ({
  code: "from_not_allowed",
  from,
  because: unshared ? "not_shared" : "no_server",
  allowed: allowedByAny(servers),
});

/** The server that the caller named does not cover this From, or Gmail would rewrite it. `folded`: the address as it is compared. */
export const serverMayNotSendFrom = (server: MailServer, from: string, folded: string): Problem => ({
  code: "from_not_allowed",
  from,
  because: isKept(server, folded) ? "not_in_filter" : "not_confirmed",
  allowed: allowedBy(server),
});
