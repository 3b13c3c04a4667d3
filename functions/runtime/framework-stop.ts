import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Server } from "node:http";
import { ENDING_SIGNALS, onEndingSignal } from "./ending-signals.ts";

const FIRST_REQUEST = "http.server.request.start";
const SWEEP_MS = 50;

const endAfterRequests = (server: Server): void => {
  // A connection whose request was under way would idle on after its answer.
  setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  server.close(() => process.exit(0));
};

/**
 * At SIGTERM, which Cloud Run sends ten seconds before it ends an instance, functions-framework answers 500 to the latest request and exits
 * at once: the mails under way would be `unknown`. This replaces its listeners by our own, which let requests finish. It does so at the
 * first request, because the framework adds its listeners only once it listens, and before the first request there is nothing to cut off.
 * The signal that is answered aborts when the process is told to stop.
 */
export const stopInOrder = (): AbortSignal => {
  const stopping = new AbortController();
  const takeOver = (message: unknown): void => {
    const { server } = message as { readonly server?: unknown };
    if (!(server instanceof Server)) return;
    unsubscribe(FIRST_REQUEST, takeOver);
    const inOrder = (): void => {
      stopping.abort();
      endAfterRequests(server);
    };
    const onSignal = onEndingSignal({
      nowMs: () => performance.now(),
      inOrder,
      atOnce: (status) => process.exit(status),
    });
    for (const signal of ENDING_SIGNALS) {
      process.removeAllListeners(signal);
      process.on(signal, onSignal);
    }
  };
  subscribe(FIRST_REQUEST, takeOver);
  return stopping.signal;
};
