import { AsyncLocalStorage } from "node:async_hooks";
import type { Build } from "../domain/build.ts";
import type { Log, LogCode, LogFields } from "../domain/log.ts";
import { LOG_EVENTS } from "./log-events.ts";
import type { Trace } from "./trace.ts";

const context = new AsyncLocalStorage<Trace>();

/** Every line written while `act` runs carries the request's id and trace. */
export const withLogContext = <T>(trace: Trace, act: () => Promise<T>): Promise<T> => context.run(trace, act);

/** The trace of the current request or push. */
export const currentTrace = (): Trace | undefined => context.getStore();

/** Names and messages of an error and its causes; never properties, stacks or inputs, which may hold secrets. */
const errorChain = (error: unknown): string => {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && at !== null && parts.length < 6; ) {
    parts.push(at instanceof Error ? `${at.name}: ${at.message}` : typeof at);
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(" ← ").slice(0, 2_000);
};

type Severity = "INFO" | "WARNING" | "ERROR";

export interface LoggerOptions {
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
  /** The name of the deployed function, or `local`. */
  readonly component: string;
  readonly build: Build;
  /** For the trace's full name on Google Cloud. */
  readonly projectId: string | null;
}

/**
 * Writes one JSON object per line as Cloud Logging reads it (cloud.google.com/logging/docs/structured-logging). `code`
 * is the key in `log-events.ts`, and `message` its meaning there.
 */
export const jsonLogger = (options: LoggerOptions): Log => {
  const line = (severity: Severity, code: LogCode, fields: LogFields = {}, error?: unknown): void => {
    const trace = context.getStore();
    const traceName =
      trace?.traceId && options.projectId ? `projects/${options.projectId}/traces/${trace.traceId}` : undefined;
    options.write(
      JSON.stringify({
        ...fields,
        severity,
        time: new Date(options.nowMs()).toISOString(),
        message: LOG_EVENTS[code].means,
        code,
        component: options.component,
        version: options.build.version,
        commit: options.build.commit,
        requestId: trace?.requestId,
        error: error === undefined ? undefined : errorChain(error),
        "logging.googleapis.com/trace": traceName,
      }),
    );
  };
  return {
    info: (code, fields) => line("INFO", code, fields),
    warn: (code, fields) => line("WARNING", code, fields),
    error: (code, fields, error) => line("ERROR", code, fields, error),
  };
};
