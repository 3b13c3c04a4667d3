import type { Route } from "../http.ts";
import type { System } from "../system.ts";
import { acceptingRoutes } from "./send-mail/accepting.ts";
import { lookingRoutes } from "./send-mail/looking.ts";
import { movingRoutes } from "./send-mail/moving.ts";

/** All that the function `send-mail` answers. It never touches a token. */
export const routes = (system: System): readonly Route[] => [
  ...acceptingRoutes(system),
  ...lookingRoutes(system),
  ...movingRoutes(system),
];
