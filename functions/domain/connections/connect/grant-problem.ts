import { sameMailbox } from "../../address.ts";
import type { Identity } from "../../google/tokens.ts";
import { grantOf, isRenamed, type MailServer } from "../../mail-servers/mail-server.ts";
import { scopesSuffice } from "../../mail-servers/scopes.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import type { CallbackProblem, ProvenGrant } from "./callback.ts";
import { withAddress } from "./identity.ts";

/** Whether the server's username is an address that its current account had before a rename at Google. */
const wasRenamed = (server: MailServer, { sub, email }: Identity): boolean => {
  const before = grantOf(server);
  if (before === null || before.sub !== sub) return false;
  return isRenamed({ ...server, connection: { state: "valid", grant: withAddress(before, email) } });
};

/** Returns what keeps a proven grant from serving this server, or null if nothing does. */
export const grantProblem = (server: MailServer, { identity, tokens }: ProvenGrant): CallbackProblem | null => {
  const { email } = identity;
  if (!isUnderstoodServer(server)) return { code: "newer_version" };
  if (!sameMailbox(email, server.username) && !wasRenamed(server, identity))
    return { code: "account_mismatch", came: email, expected: server.username };
  if (!scopesSuffice(server.transport, tokens.scopes)) return { code: "scope_missing" };
  return tokens.refreshToken === null ? { code: "refresh_token_missing" } : null;
};
