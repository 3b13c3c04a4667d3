/**
 * The fields of a log line; `runtime/log-events.ts` lists every code and what to do. They hold ids, codes and numbers,
 * never a token, a secret, a list of addresses or a body.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;
export interface Log {
  info(code: string, fields?: LogFields): void;
  warn(code: string, fields?: LogFields): void;
  /** The messages of `error` and its causes are written, its properties are not. */
  error(code: string, fields?: LogFields, error?: unknown): void;
}
