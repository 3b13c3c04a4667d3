import type { HttpFunctionName } from "../functions.ts";
import { onPush as deliverMail } from "../handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../handlers/dispatch-due.ts";
import { routesByFunction } from "../handlers/every-route.ts";
import { onPush as refreshTokens } from "../handlers/refresh-tokens.ts";
import { type HttpFunction, serveHttp } from "../http-edge.ts";
import type { System } from "../system.ts";
import type { Subscribers } from "./queue.ts";

/** The four HTTP functions in this process, by the service id that `firebase.json` rewrites to. */
export const httpFunctions = (
  system: System,
  stopping: AbortSignal,
): Readonly<Record<HttpFunctionName, HttpFunction>> => {
  const routes = routesByFunction(system);
  const serve = (name: HttpFunctionName): HttpFunction => serveHttp(routes[name], system, { stopping });
  return {
    "authorize-start": serve("authorize-start"),
    "confirm-callback": serve("confirm-callback"),
    "mail-servers": serve("mail-servers"),
    "send-mail": serve("send-mail"),
  };
};

/** The three functions behind push subscriptions, by topic (`infra/functions.tf`). */
export const subscribers = (system: System): Subscribers => ({
  "mail-send": deliverMail(system),
  "token-checks": refreshTokens(system),
  "mail-dispatch": dispatchDue(system),
});
