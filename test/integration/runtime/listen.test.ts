import assert from "node:assert/strict";
import { test } from "node:test";
import { listen } from "../../../functions/runtime/local/listen.ts";
import { eventually } from "../../builders/eventually.ts";
import { freePort } from "../../builders/free-port.ts";

test("closing waits for what is under way and for nothing more, though callers would keep their connections", async () => {
  const port = await freePort();
  let answer: (() => void) | undefined;
  const listening = await listen(port, (req, res) => {
    if (req.url === "/late") answer = () => res.end("late");
    else res.end("at once");
  });
  const ask = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  assert.equal(await ask("/"), "at once");
  const asked = ask("/late");
  const finish = await eventually("it is under way", () => answer);
  let closed = false;
  const closing = listening.close(600_000).then(() => {
    closed = true;
  });
  assert.equal(closed, false);
  finish();
  assert.equal(await asked, "late");
  await eventually("it is closed", () => closed);
  await closing;
});
