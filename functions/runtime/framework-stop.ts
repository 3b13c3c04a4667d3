import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Server } from "node:http";
import { ENDING_SIGNALS, endOnSignals } from "./ending-signals.ts";

const FIRST_REQUEST = "http.server.request.start";
const SWEEP_MS = 50;

const endAfterRequests = (server: Server): void => {
  // Otherwise, a connection that was busy would stay open and idle after its answer.
  setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  server.close(() => process.exit(0));
};

/**
 * Cloud Run sends SIGTERM ten seconds before it ends an instance. functions-framework then answers 500 to the latest
 * request and exits at once, which would leave messages in progress `unknown`. This replaces its listeners with our
 * own, which let requests finish. It does so at the first request, because the framework adds its listeners only once
 * it listens, and before that there is nothing to interrupt. The returned signal aborts when the process must stop.
 */
export const stopGracefully = (): AbortSignal => {
  const stopping = new AbortController();
  const takeOver = (message: unknown): void => {
    const { server } = message as { readonly server?: unknown };
    if (!(server instanceof Server)) return;
    unsubscribe(FIRST_REQUEST, takeOver);
    const gracefully = (): void => {
      stopping.abort();
      endAfterRequests(server);
    };
    for (const signal of ENDING_SIGNALS) process.removeAllListeners(signal);
    endOnSignals(gracefully);
  };
  subscribe(FIRST_REQUEST, takeOver);
  return stopping.signal;
};
