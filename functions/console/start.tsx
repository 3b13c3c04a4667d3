import { render } from "preact";
import { App } from "./app.tsx";
import { setupTokenIn } from "./routing/next.ts";
import { type EarlyCalls, expectEarlyCalls } from "./state/early.ts";
import { startSession } from "./state/session.ts";

/** By then the page is there. */
const REST_AFTER_MS = 3_000;

/** Loads the scripts of the other pages, so that nobody waits for them. A page says itself if its script is missing. */
const loadRest = (): void => {
  for (const script of [import("./pages/further.ts"), import("./pages/home/charts.tsx")]) script.catch(() => {});
};

export const start = (early: EarlyCalls): void => {
  const root = document.getElementById("app");
  if (root === null) throw new Error("index.html has no #app");
  expectEarlyCalls(early);
  void startSession();
  addEventListener("hashchange", () => {
    if (setupTokenIn(location.hash) !== null) void startSession();
  });
  root.replaceChildren();
  render(<App />, root);
  setTimeout(loadRest, REST_AFTER_MS);
};
