import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import {
  CONNECTION_STATES,
  type ConnectionState,
  checkMove,
  NEXT_STATES,
  REASONS,
} from "../../../functions/domain/connection-states.ts";
import { movesOf, namesInColumn, namesOf } from "../../builders/states-document.ts";

const DOCUMENT = readFileSync(new URL("../../../functions/domain/connections/STATES.md", import.meta.url), "utf8");

suite("The tables of connections", () => {
  test("STATES.md names exactly the states and moves of the table", () => {
    const table = CONNECTION_STATES.flatMap((from) => NEXT_STATES[from].map((to) => `${from}>${to}`));
    const named = [...movesOf(DOCUMENT)].filter((move) => {
      const [from, to] = move.split(">");
      return from !== to;
    });
    assert.deepEqual(named.sort(), table.sort());
    assert.deepEqual([...namesInColumn(DOCUMENT, "state")].sort(), [...CONNECTION_STATES].sort());
  });

  test("STATES.md names exactly the reasons that each state may have", () => {
    for (const state of CONNECTION_STATES) {
      const table = Object.entries(REASONS).filter(([, states]) =>
        states.some((one: ConnectionState) => one === state),
      );
      assert.deepEqual([...namesOf(DOCUMENT, "in state", state)].sort(), table.map(([reason]) => reason).sort(), state);
    }
  });

  test("only moves of the table are allowed, and none from an unknown state", () => {
    for (const from of CONNECTION_STATES) {
      for (const to of CONNECTION_STATES) {
        const allowed = from === to || NEXT_STATES[from].some((next) => next === to);
        if (allowed) assert.doesNotThrow(() => checkMove(from, to));
        else assert.throws(() => checkMove(from, to), /must not become/, `${from} > ${to}`);
      }
    }
    const unknown: { readonly state: ConnectionState } = Object.assign(
      { state: "valid" as const },
      { state: "asleep" },
    );
    for (const state of CONNECTION_STATES) {
      assert.throws(() => checkMove(unknown.state, state), /asleep must not become/);
      assert.throws(() => checkMove(state, unknown.state), /must not become asleep/);
    }
    assert.throws(() => checkMove(unknown.state, unknown.state));
  });
});
