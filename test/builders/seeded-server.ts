import { mintedWrite, readEntry } from "../../functions/domain/connections/tokens/token-cache.ts";
import type { MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import type { System } from "../../functions/runtime/system.ts";
import type { GoogleSandbox } from "../google-sandbox/sandbox.ts";
import { FULL_MAIL, grant, mailServer } from "./mail-server.ts";
import { sandboxToken } from "./sandbox-token.ts";

interface Options extends Partial<Omit<MailServer, "connection">> {
  /** One server for each id, all of the same account. */
  readonly ids: readonly string[];
  readonly scopes?: readonly string[];
}

/**
 * Puts connected mail servers into a store, with a token that the sandbox granted by a real consent. Tests of sending
 * start with it, whichever store they use.
 */
export const seedServers = async (system: System, sandbox: GoogleSandbox, options: Options): Promise<void> => {
  const { ids, scopes = [FULL_MAIL], ...changes } = options;
  const username = changes.username ?? "ada@example.com";
  const accessToken = await sandboxToken(sandbox, username, scopes);
  const granted = ["openid", "email", ...scopes];
  const connection = { state: "valid", grant: grant({ email: username, scopes: granted }) } as const;
  const token = { accessToken, expiresAtMs: system.clock.nowMs() + 3_600_000, scopes: granted };
  for (const id of ids) {
    const value = mailServer({ name: id, limits: { perMinute: 100_000, perDay: 1_000_000 }, ...changes, connection });
    await system.records.commit([
      { op: "put", kind: "mailServers", id, value },
      await mintedWrite(system, { id, entry: await readEntry(system, id) }, token),
    ]);
  }
};
