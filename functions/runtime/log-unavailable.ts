import type { Log, LogFields } from "../domain/log.ts";
import { Contended, type Unavailable } from "../domain/problem.ts";

/** Writes the line of both edges for an unavailable store or other dependency. */
export const logUnavailable = (log: Log, error: Unavailable, fields: LogFields = {}): void => {
  if (error instanceof Contended) log.warn("write_contended", { ...fields, act: error.act });
  else log.error("dependency_unavailable", fields, error);
};
