import { type Transport, traitsOf } from "../transport.ts";
import type { Grant } from "./mail-server.ts";

/** Whether the granted scopes let this transport send. */
export const scopesSuffice = (transport: Transport, scopes: Grant["scopes"]): boolean =>
  traitsOf(transport).scopes.some((scope) => scopes.includes(scope));

/** The scope to ask Google for: the narrowest that lets the transport send. */
export const scopeToAskFor = (transport: Transport): string => traitsOf(transport).scopes[0];
