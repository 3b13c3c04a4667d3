import type { Route } from "../http.ts";
import type { System } from "../system.ts";
import { connectionRoutes } from "./mail-servers/connections.ts";
import { keyRoutes } from "./mail-servers/keys.ts";
import { oversightRoutes } from "./mail-servers/oversight.ts";
import { recordRoutes } from "./mail-servers/records.ts";
import { sessionRoutes } from "./mail-servers/session.ts";
import { settingsRoutes } from "./mail-servers/settings.ts";

/** All routes of the function `mail-servers`: records, connections, settings, keys, sessions, audit, stats, doctor. */
export const routes = (system: System): readonly Route[] => [
  ...recordRoutes(system),
  ...connectionRoutes(system),
  ...settingsRoutes(system),
  ...keyRoutes(system),
  ...sessionRoutes(system),
  ...oversightRoutes(system),
];
