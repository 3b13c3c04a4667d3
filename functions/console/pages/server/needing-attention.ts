import type { MailServer } from "../../api/types.ts";

type Connection = MailServer["connection"];

/** Whether Google lets the account send, as far as is known. */
export const hasAccess = ({ state }: Pick<Connection, "state">): boolean => state === "valid" || state === "expiring";

/** Active servers that need a person's attention, now or soon; those that cannot send come first. */
export const needingAttention = (servers: readonly MailServer[]): readonly MailServer[] => {
  const of = (...states: Connection["state"][]) =>
    servers.filter(({ active, connection }) => active && states.includes(connection.state));
  return [...of("reconnect_required", "error"), ...of("expiring")];
};
