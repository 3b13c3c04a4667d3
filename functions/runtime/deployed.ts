import { loadPublicSuffixes } from "../domain/access/shared-domain.ts";
import { compose } from "./compose.ts";
import { listsDomains, loadConfig } from "./config.ts";
import { type OnPush, serveEvents } from "./event-edge.ts";
import { guardFramework } from "./framework-guard.ts";
import { stopInOrder } from "./framework-stop.ts";
import type { Route } from "./http.ts";
import { type HttpFunction, serveHttp } from "./http-edge.ts";
import type { System } from "./system.ts";

/** The system of a deployed function, from its environment. A configuration that does not hold stops the start, all mistakes named. */
const systemOf = async (component: string): Promise<System> => {
  guardFramework();
  const suffixes = listsDomains(process.env) ? { isPublicSuffix: await loadPublicSuffixes() } : {};
  return compose(loadConfig(process.env, suffixes), { component });
};

/** What `index.ts` of a function for people and programs exports. */
export const httpFunction = async (
  name: string,
  routes: (system: System) => readonly Route[],
): Promise<HttpFunction> => {
  const system = await systemOf(name);
  return serveHttp(routes(system), system, { stopping: stopInOrder() });
};

/** What `index.ts` of a function behind a push subscription exports. */
export const eventFunction = async (name: string, onPush: (system: System) => OnPush): Promise<HttpFunction> => {
  const system = await systemOf(name);
  stopInOrder();
  return serveEvents(onPush(system), system);
};
