import type { MailServer } from "../../api/types.ts";

/** Those in use that a person must see to, or will have to soon; the ones that cannot send come first. */
export const inNeed = (servers: readonly MailServer[]): readonly MailServer[] => {
  const of = (...states: MailServer["connection"]["state"][]) =>
    servers.filter(({ active, connection }) => active && states.includes(connection.state));
  return [...of("reconnect_required", "error"), ...of("expiring")];
};
