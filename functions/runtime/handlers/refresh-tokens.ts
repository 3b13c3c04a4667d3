import { dueChecks } from "../../domain/connections/checks/check-due.ts";
import { checkServer } from "../../domain/connections/checks/check-server.ts";
import { sweepSecrets } from "../../domain/connections/endings/secret-sweep.ts";
import { moveTokens } from "../../domain/connections/tokens/move-tokens.ts";
import { rememberedClient } from "../../domain/connections/tokens/oauth-client.ts";
import { jsonData, type OnPush } from "../event-edge.ts";
import type { System } from "../system.ts";

const fieldOf = (data: unknown, name: string): unknown =>
  typeof data === "object" && data !== null ? Reflect.get(data, name) : undefined;

/**
 * Topic `token-checks`. `{"server": "srv_…"}`: checks that server's grant; with `"due": true`, only if it is still due.
 * Anything else is a tick: finds the servers that are due, destroys secrets that a crash has left in the vault, and
 * moves refresh tokens that are elsewhere than configured.
 */
export const onPush = (system: System): OnPush => {
  const deps = { ...system, client: rememberedClient(system) };
  const askForDueChecks = dueChecks(system);
  return async (message) => {
    const json = jsonData(message);
    const server = json.ok ? fieldOf(json.value, "server") : undefined;
    if (typeof server === "string") {
      const outcome = await checkServer(deps, server, json.ok && fieldOf(json.value, "due") === true ? "due" : "now");
      system.log.info("server_checked", { server, ...outcome });
      return "ack";
    }
    await askForDueChecks();
    await sweepSecrets(system);
    await moveTokens(system);
    return "ack";
  };
};
