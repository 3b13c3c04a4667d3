import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConsoleFacts, consoleSection, GOOD } from "../../bench/page/console.ts";

const good = { usableMs: GOOD.usableMs, lcpMs: GOOD.lcpMs, cls: GOOD.cls, tbtMs: GOOD.tbtMs };
const facts: ConsoleFacts = {
  rounds: 3,
  pages: [
    { page: "home", first: good, turn: good, inpMs: GOOD.inpMs },
    {
      page: "settings",
      first: { usableMs: 4_000.4, lcpMs: 2_501, cls: 0.1001, tbtMs: 201 },
      turn: { usableMs: 1_001, cls: 0.2, tbtMs: 635.2 },
      inpMs: 208,
    },
  ],
  list: {
    messages: 10_000,
    nodes: 2_218,
    scrolling: { seconds: 12.34, longTasks: 5, longestTaskMs: 120.6 },
    acts: [
      { act: "select a message", inpMs: 16, usableMs: 30.4 },
      { act: "type into the search", inpMs: 216, usableMs: 40 },
    ],
  },
};
const lines = consoleSection.text(JSON.stringify(facts)).split("\n");
const row = (name: string) => lines.find((line) => line.startsWith(`| ${name} |`));

test("a figure of the console is bold if it is beyond its bound, and only then", () => {
  assert.equal(row("home"), "| home | 1000 | 2500 | 0.100 | 200 | 1000 | 0.100 | 200 | 200 |");
  assert.equal(
    row("settings"),
    "| settings | 4000 | **2501** | **0.100** | **201** | **1001** | **0.200** | **635** | **208** |",
  );
});

test("the long list says how it was scrolled, what the document holds, and how it answers", () => {
  const text = lines.join("\n");
  assert.match(text, /^### 10,000 messages in the list$/m);
  assert.match(text, /to the end in 12\.3 s; on the way, 5 tasks took longer than 50 ms, the longest 121 ms\./);
  assert.match(text, /The document then has 2,218 elements/);
  assert.equal(row("select a message"), "| select a message | 16 | 30 |");
  assert.equal(row("type into the search"), "| type into the search | **216** | 40 |");
});
