import { mintedEntry } from "../../functions/domain/connections/token-cache.ts";
import { grantOf, type MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import type { System } from "../../functions/runtime/system.ts";
import type { GoogleSandbox } from "../google-sandbox/sandbox.ts";
import { FULL_MAIL, grant, mailServer } from "./mail-server.ts";
import { sandboxToken } from "./sandbox-token.ts";

interface Options extends Partial<Omit<MailServer, "connection">> {
  readonly id?: string;
  readonly scopes?: readonly string[];
}

/**
 * A mail server put into a store as connected, with a token that the sandbox granted by a real consent: what a test of sending begins with, whichever
 * store it is on.
 */
export const seedServer = async (system: System, sandbox: GoogleSandbox, options: Options = {}): Promise<string> => {
  const { id = "srv_seeded", scopes = [FULL_MAIL], ...changes } = options;
  const username = changes.username ?? "ada@example.com";
  const accessToken = await sandboxToken(sandbox, username, scopes);
  const connection = {
    state: "valid",
    grant: grant({ email: username, scopes: ["openid", "email", ...scopes] }),
  } as const;
  const value = mailServer({ name: id, limits: { perMinute: 100_000, perDay: 1_000_000 }, ...changes, connection });
  const expiresAtMs = system.clock.nowMs() + 3_600_000;
  const token = { accessToken, expiresAtMs, scopes: grantOf(value)?.scopes ?? [] };
  await system.records.commit([
    { op: "put", kind: "mailServers", id, value },
    { op: "put", kind: "accessTokens", id, value: await mintedEntry(system, { id, generation: 1 }, token) },
  ]);
  return id;
};
