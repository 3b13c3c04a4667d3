import { after } from "node:test";

/** Whether this process runs tests for a runner, maybe those of several files. */
export const inTestProcess = process.env.NODE_TEST_CONTEXT !== undefined;

const closers: (() => Promise<void>)[] = [];

// At the top of a test program, so that it runs after all the files that share its process.
if (inTestProcess)
  after(async () => {
    for (const close of closers.splice(0)) await close();
  });

/** What the files of this process share: started when the first of them asks, and closed when its tests are done. */
export const sharedByFiles = <T>(
  start: () => Promise<T>,
  close: (started: T) => Promise<unknown>,
): (() => Promise<T>) => {
  let shared: Promise<T> | undefined;
  return () => {
    if (shared === undefined) {
      const started = start();
      shared = started;
      closers.push(async () => void (await close(await started)));
    }
    return shared;
  };
};
