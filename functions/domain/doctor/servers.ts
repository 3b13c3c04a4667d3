import { canSend, grantOf, type MailServer } from "../mail-servers/mail-server.ts";
import { homeOf } from "../secret-vault.ts";
import { traitsOf } from "../transport.ts";
import { activeServers, type Facts, type Outcome } from "./facts.ts";
import type { Situation } from "./texts.ts";

export const examineReadiness = (facts: Facts): Outcome => {
  const ready = activeServers(facts).filter(({ value }) => canSend(value)).length;
  const values = { count: String(ready) };
  if (ready > 0) return { ok: true, situation: ready === 1 ? "server_ready_one" : "server_ready", values };
  return { ok: false, situation: facts.servers.length === 0 ? "server_missing" : "server_none_ready", values };
};

/** A check that passes if no active server is concerned; its text names those that are. */
const examineEach =
  (
    situations: { readonly none: Situation; readonly some: Situation },
    isConcerned: (server: MailServer, facts: Facts) => boolean,
  ) =>
  (facts: Facts): Outcome => {
    const concerned = activeServers(facts).filter(({ value }) => isConcerned(value, facts));
    return {
      ok: concerned.length === 0,
      situation: concerned.length === 0 ? situations.none : situations.some,
      values: { servers: concerned.map(({ value }) => value.name).join(", ") },
    };
  };

/** A rejected client is fixed in the settings and has its own check. */
export const examineConnections = examineEach(
  { none: "reconnect_none", some: "reconnect_some" },
  ({ connection }) =>
    connection.state === "reconnect_required" ||
    (connection.state === "error" && connection.reason !== "client_rejected"),
);

export const examineFormerClients = examineEach(
  { none: "former_client_none", some: "former_client_some" },
  (server, { settings: { gmailCredentials } }) => {
    const grant = grantOf(server);
    return grant !== null && gmailCredentials !== null && grant.clientId !== gmailCredentials.clientId;
  },
);

/** The organization's session length has ended a grant of this account before. */
export const examineSessionLengths = examineEach(
  { none: "session_length_none", some: "session_length_some" },
  (server) => (grantOf(server)?.sessionLivesMs ?? []).length > 0,
);

export const examineExpiry = examineEach(
  { none: "expiring_none", some: "expiring_some" },
  ({ connection }) => connection.state === "expiring",
);

/** The tokens work where they are, but the former place, or the former key, is still needed for them. */
export const examineTokenHome = examineEach({ none: "tokens_at_home", some: "tokens_elsewhere" }, (server, facts) => {
  const grant = grantOf(server);
  return grant !== null && facts.tokenHome !== null && homeOf(grant.secretVersion) !== facts.tokenHome;
});

/** The server may send from other addresses, but the account's verified ones could not be read. */
export const examineSenders = examineEach({ none: "send_as_known", some: "send_as_unknown" }, (server) => {
  const grant = grantOf(server);
  const others = server.fromFilter.some((entry) => entry !== server.username);
  const taken = !traitsOf(server.transport).vouching || server.sendAsUnchecked;
  return grant !== null && others && taken && grant.sendAs === null;
});
