import { after } from "node:test";

/** Whether this process runs tests for a runner, maybe those of several files. */
export const inTestProcess = process.env.NODE_TEST_CONTEXT !== undefined;

const closers: (() => Promise<void>)[] = [];

// At the top of a test program, so that it runs after all the files that share its process.
if (inTestProcess)
  after(async () => {
    for (const close of closers.splice(0)) await close();
  });

/** Closes, when this process's tests are done, what its files share. */
export const atEnd = (close: () => Promise<void>): void => void closers.push(close);
