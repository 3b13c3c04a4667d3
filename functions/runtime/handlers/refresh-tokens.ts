import { DAY } from "../../domain/clock.ts";
import { askForCheck } from "../../domain/connections/checks/ask-for-check.ts";
import { checkGivenUpSoon } from "../../domain/connections/checks/check-all-soon.ts";
import { checkServer } from "../../domain/connections/checks/check-server.ts";
import { sweepSecrets } from "../../domain/connections/endings/secret-sweep.ts";
import { rememberedClient } from "../../domain/connections/tokens/oauth-client.ts";
import { everyPage } from "../../domain/every-record.ts";
import { jsonData, type OnPush } from "../event-edge.ts";
import type { System } from "../system.ts";

const member = (data: unknown, name: string): unknown =>
  typeof data === "object" && data !== null ? Reflect.get(data, name) : undefined;

/**
 * One message for each server that is due. A server stays due until its check has set the next time: a tick that was cut off is made good by the
 * next one, and a check that is asked for twice does no harm.
 */
const fanOut = async ({ records, publisher, clock, log }: System): Promise<void> => {
  const upTo = clock.nowMs();
  let count = 0;
  // A page at once: one after the other, a tick of many servers would outlast the function.
  for await (const page of everyPage(records, "serversDueForCheck", { upTo }, { page: 100 })) {
    await Promise.all(page.map(({ id }) => askForCheck({ publisher }, id, "due")));
    count += page.length;
  }
  if (count > 0) log.info("checks_due", { count });
};

/** Every record is read for it, and only an earlier release leaves such grants, perhaps while both run: once an instance, and daily. Nominal. */
const FIND_GIVEN_UP_EVERY_MS = DAY;

const givenUpFinder = (system: System): (() => Promise<void>) => {
  let dueAtMs = 0;
  return async () => {
    if (system.clock.nowMs() < dueAtMs) return;
    const count = await checkGivenUpSoon(system);
    dueAtMs = system.clock.nowMs() + system.clock.lasting(FIND_GIVEN_UP_EVERY_MS);
    if (count > 0) system.log.info("given_up_grants_asked", { count });
  };
};

/**
 * Topic `token-checks`. `{"server": "srv_…"}`: proves that server's grant; with `"due": true`, if that is still due. Anything else is a tick: finds the servers that are due, and destroys what a
 * crash has left in the vault.
 */
export const onPush = (system: System): OnPush => {
  const deps = { ...system, client: rememberedClient(system) };
  const findGivenUp = givenUpFinder(system);
  return async (message) => {
    const json = jsonData(message);
    const server = json.ok ? member(json.value, "server") : undefined;
    if (typeof server === "string") {
      const outcome = await checkServer(deps, server, json.ok && member(json.value, "due") === true ? "due" : "now");
      system.log.info("server_checked", { server, ...outcome });
      return "ack";
    }
    await findGivenUp();
    await fanOut(system);
    await sweepSecrets(system);
    return "ack";
  };
};
