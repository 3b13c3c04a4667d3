import type { HttpFunctionName } from "../functions.ts";
import { routes as authorizeStart } from "../handlers/authorize-start.ts";
import { routes as confirmCallback } from "../handlers/confirm-callback.ts";
import { onPush as deliverMail } from "../handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../handlers/dispatch-due.ts";
import { routes as mailServers } from "../handlers/mail-servers.ts";
import { onPush as refreshTokens } from "../handlers/refresh-tokens.ts";
import { routes as sendMail } from "../handlers/send-mail.ts";
import { type HttpFunction, serveHttp } from "../http-edge.ts";
import type { System } from "../system.ts";
import type { Subscribers } from "./queue.ts";

/** The four HTTP functions in this process, by the service id that `firebase.json` rewrites to. */
export const httpFunctions = (
  system: System,
  stopping: AbortSignal,
): Readonly<Record<HttpFunctionName, HttpFunction>> => ({
  "authorize-start": serveHttp(authorizeStart(system), system, { stopping }),
  "confirm-callback": serveHttp(confirmCallback(system), system, { stopping }),
  "mail-servers": serveHttp(mailServers(system), system, { stopping }),
  "send-mail": serveHttp(sendMail(system), system, { stopping }),
});

/** The three functions behind push subscriptions, by topic (`infra/functions.tf`). */
export const subscribers = (system: System): Subscribers => ({
  "mail-send": deliverMail(system),
  "token-checks": refreshTokens(system),
  "mail-dispatch": dispatchDue(system),
});
