import type { Log, LogFields } from "../domain/log.ts";
import { Contended, type Unavailable } from "../domain/problem.ts";

/** The line that both edges write when the store or another dependency did not do its part. */
export const logUnavailable = (log: Log, error: Unavailable, fields: LogFields = {}): void => {
  if (error instanceof Contended) log.warn("write_contended", { ...fields, act: error.act });
  else log.error("dependency_unavailable", fields, error);
};
