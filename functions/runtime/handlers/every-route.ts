import type { HttpFunctionName } from "../functions.ts";
import type { Route } from "../http.ts";
import type { System } from "../system.ts";
import { routes as authorizeStart } from "./authorize-start.ts";
import { routes as confirmCallback } from "./confirm-callback.ts";
import { routes as mailServers } from "./mail-servers.ts";
import { routes as sendMail } from "./send-mail.ts";

/** The routes of each HTTP function. Deployed, a function loads its own alone. */
export const routesByFunction = (system: System): Readonly<Record<HttpFunctionName, readonly Route[]>> => ({
  "authorize-start": authorizeStart(system),
  "confirm-callback": confirmCallback(system),
  "mail-servers": mailServers(system),
  "send-mail": sendMail(system),
});

export const everyRoute = (system: System): readonly Route[] => Object.values(routesByFunction(system)).flat();
