import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { LogFields } from "../../functions/domain/log.ts";
import { Secret } from "../../functions/domain/secret.ts";
import { compose } from "../../functions/runtime/compose.ts";
import { loadConfig } from "../../functions/runtime/config.ts";
import type { Route } from "../../functions/runtime/http.ts";
import { type ServeOptions, serveHttp } from "../../functions/runtime/http-edge.ts";
import type { System } from "../../functions/runtime/system.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";
import { testStore } from "./store.ts";

export const SETUP_TOKEN = "setup-token-of-the-edge-tests";

export interface LoggedLine {
  readonly severity: "info" | "warn" | "error";
  readonly code: string;
  readonly fields: LogFields;
}

/** The runtime's own system on a store in memory, with the lines that it has logged. */
export const testSystem = (
  env: Readonly<Record<string, string>> = {},
): System & { readonly lines: LoggedLine[]; close(): void } => {
  const lines: LoggedLine[] = [];
  const config = { ...loadConfig(env), setupToken: new Secret(SETUP_TOKEN) };
  const note =
    (severity: LoggedLine["severity"]) =>
    (code: string, fields: LogFields = {}): void =>
      void lines.push({ severity, code, fields });
  const log = { info: note("info"), warn: note("warn"), error: note("error") };
  const store = testStore(systemClock());
  const system = compose(config, { component: "test", log, embedded: async () => store });
  return { ...system, lines, close: store.close };
};

/** Serves routes behind the HTTP edge on a plain Node server. */
export const serveRoutes = async (routes: readonly Route[], system: System, options: ServeOptions = {}) => {
  // Longer than any pause of a test: a connection closed meanwhile says nothing about Relais.
  const server = createServer({ keepAliveTimeout: 300_000 }, serveHttp(routes, system, options));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    // The host of `RELAIS_PUBLIC_URL`, as a browser would use it.
    origin: `http://localhost:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
