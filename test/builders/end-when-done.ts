import { after } from "node:test";

// Preloaded into the process of each test file: once its tests are done, whatever still keeps it alive (a client of
// Google's that repeats a call for minutes) has this long.
// Not `--test-force-exit`: that loses results that are still on their way to the runner, and with them failures.
const GRACE_MS = 3_000;

after(() => {
  // Unreferenced: a process that ends by itself does not wait for it.
  setTimeout(() => process.exit(), GRACE_MS).unref();
});
