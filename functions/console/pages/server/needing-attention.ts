import type { MailServer } from "../../api/types.ts";

/** Active servers that need a person's attention, now or soon; those that cannot send come first. */
export const needingAttention = (servers: readonly MailServer[]): readonly MailServer[] => {
  const of = (...states: MailServer["connection"]["state"][]) =>
    servers.filter(({ active, connection }) => active && states.includes(connection.state));
  return [...of("reconnect_required", "error"), ...of("expiring")];
};
