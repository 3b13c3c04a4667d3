/**
 * Structured log lines by code (`runtime/log-events.ts` lists them all with what to do). Fields hold ids, codes and numbers;
 * no token, secret, address book or body.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;
export interface Log {
  info(code: string, fields?: LogFields): void;
  warn(code: string, fields?: LogFields): void;
  /** `error`: its message chain is written, never its properties. */
  error(code: string, fields?: LogFields, error?: unknown): void;
}
