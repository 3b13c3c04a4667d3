import { after } from "node:test";

// Preloaded into the process of each test file: once its tests are done, anything that keeps it alive (such as one of
// Google's clients that repeats a call for minutes) has this long. `--test-force-exit` would lose results, and with
// them failures, that are still on their way to the runner.
const GRACE_MS = 3_000;

after(() => {
  // Unreferenced, so that a process that ends by itself does not wait.
  setTimeout(() => process.exit(), GRACE_MS).unref();
});
