import "./style.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { setupTokenIn } from "./routing/next.ts";
import { startSession } from "./state/session.ts";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");

void startSession();
addEventListener("hashchange", () => {
  if (setupTokenIn(location.hash) !== null) void startSession();
});
root.replaceChildren();
render(<App />, root);
