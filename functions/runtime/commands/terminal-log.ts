import type { Build } from "../../domain/build.ts";
import type { Log } from "../../domain/log.ts";
import { jsonLogger } from "../logger.ts";

/**
 * For a command that a person runs and reads: it says on stdout what it has done, so warnings and errors go to stderr,
 * and what the functions log of each message goes nowhere.
 */
export const terminalLog = (component: string, build: Build): Log => {
  const write = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  return {
    ...jsonLogger({ write, nowMs: Date.now, component, build, projectId: null }),
    info: () => undefined,
  };
};
