import type { Route } from "../http.ts";
import type { System } from "../system.ts";
import { acceptRoutes } from "./send-mail/accept.ts";
import { commandRoutes } from "./send-mail/commands.ts";
import { viewRoutes } from "./send-mail/views.ts";

/** All routes of the function `send-mail`, which never touches a token. */
export const routes = (system: System): readonly Route[] => [
  ...acceptRoutes(system),
  ...viewRoutes(system),
  ...commandRoutes(system),
];
