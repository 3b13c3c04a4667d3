import { loadPublicSuffixes } from "../domain/access/shared-domain.ts";
import { compose } from "./compose.ts";
import { listsDomains, loadConfig } from "./config.ts";
import { type OnDocument, serveDocuments } from "./document-edge.ts";
import { type OnPush, serveEvents } from "./event-edge.ts";
import { guardFramework } from "./framework-guard.ts";
import { stopGracefully } from "./framework-stop.ts";
import type { Route } from "./http.ts";
import { type HttpFunction, serveHttp } from "./http-edge.ts";
import type { System } from "./system.ts";

/** Builds the system of a deployed function. An invalid configuration stops the start and names all mistakes. */
const systemOf = async (component: string): Promise<System> => {
  guardFramework();
  const suffixes = listsDomains(process.env) ? { isPublicSuffix: await loadPublicSuffixes() } : {};
  return compose(loadConfig(process.env, suffixes), { component });
};

/** Makes what `index.ts` exports for a function that people and programs call. */
export const httpFunction = async (
  name: string,
  routes: (system: System) => readonly Route[],
): Promise<HttpFunction> => {
  const system = await systemOf(name);
  return serveHttp(routes(system), system, { stopping: stopGracefully() });
};

/** Makes what `index.ts` exports for a function behind a push subscription. */
export const eventFunction = async (name: string, onPush: (system: System) => OnPush): Promise<HttpFunction> => {
  const system = await systemOf(name);
  stopGracefully();
  return serveEvents(onPush(system), system);
};

/** Makes what `index.ts` exports for the function that Eventarc calls for documents. */
export const documentFunction = async (
  name: string,
  onDocument: (system: System) => OnDocument,
): Promise<HttpFunction> => {
  const system = await systemOf(name);
  stopGracefully();
  return serveDocuments(onDocument(system), system);
};
