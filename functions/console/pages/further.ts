import { AuditPage } from "./audit.tsx";
import { KeysPage } from "./keys.tsx";
import { NewServerPage } from "./new-server.tsx";
import { OperationsPage } from "./operations.tsx";
import { ServerPage } from "./server.tsx";
import { SettingsPage } from "./settings.tsx";
import { SetupPage } from "./setup.tsx";

/**
 * The pages that most visits do not show. They are loaded together, because the parts that they share would otherwise
 * be many small files, each of which costs a round trip.
 */
export const FURTHER_PAGES = {
  audit: AuditPage,
  keys: KeysPage,
  newServer: NewServerPage,
  operations: OperationsPage,
  server: ServerPage,
  settings: SettingsPage,
  setup: SetupPage,
} as const;
