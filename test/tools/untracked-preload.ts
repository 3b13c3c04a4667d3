// Preloaded into each test file's process before all else. Node's runner follows every promise, so that an error that
// nobody awaits can name its test; in tests that await much, that takes a third of the time. All tests are known when
// the first one begins, and nothing is followed any more. Such an error still fails the program, and is printed here.
import asyncHooks, { type AsyncHook, type HookCallbacks } from "node:async_hooks";

const { createHook } = asyncHooks;
let following: AsyncHook | undefined;
Object.assign(asyncHooks, {
  createHook: (callbacks: HookCallbacks): AsyncHook => {
    following = createHook(callbacks);
    Object.assign(asyncHooks, { createHook });
    return following;
  },
});
// Loaded only now, since it takes what creates hooks when it is loaded.
const { beforeEach } = await import("node:test");
beforeEach(() => {
  following?.disable();
});
process.on("uncaughtExceptionMonitor", (error) => console.error(error));
process.on("unhandledRejection", (error) => console.error(error));
