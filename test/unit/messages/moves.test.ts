import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { Message, MessageState, MessageStatus } from "../../../functions/domain/messages/message.ts";
import { moveTo } from "../../../functions/domain/messages/moves.ts";
import {
  isIn,
  MESSAGE_STATUSES,
  type MessageIn,
  mayBecome,
  NEXT,
  STATUSES,
} from "../../../functions/domain/messages/statuses.ts";
import { inState, messageBench, simpleMessage } from "../../builders/messages.ts";
import { movesOf, namesInColumn } from "../../builders/states-document.ts";

const DOCUMENT = readFileSync(new URL("../../../functions/domain/messages/STATES.md", import.meta.url), "utf8");

/** From `sending`, which has a row for each. */
const PHASES = new Set(["claimed", "data"]);

const STATES: { readonly [S in MessageStatus]: MessageState & { readonly status: S } } = {
  queued: { status: "queued", dueAtMs: 1 },
  scheduled: { status: "scheduled", dueAtMs: 2, scheduledAtMs: 2 },
  held: { status: "held", dueAtMs: 3, because: "paused", sinceMs: 3 },
  sending: { status: "sending", dueAtMs: 4, fence: 4, phase: "data" },
  deferred: { status: "deferred", dueAtMs: 5 },
  unknown: { status: "unknown", dueAtMs: 6, lookups: 6, sinceMs: 6 },
  sent: { status: "sent", dueAtMs: null, finalAtMs: 7, eraseAtMs: 7 },
  failed: { status: "failed", dueAtMs: 8, finalAtMs: 8, eraseAtMs: 8 },
  canceled: { status: "canceled", dueAtMs: null, finalAtMs: 9, eraseAtMs: 9 },
  expired: { status: "expired", dueAtMs: null, finalAtMs: 10, eraseAtMs: 10 },
};

const accepted = async (): Promise<Message> => {
  const bench = messageBench();
  await bench.addServer("srv_ada");
  const { value } = await bench.accepted(simpleMessage);
  bench.close();
  return value;
};

/** Moves a message as untyped code would: the claim of `mayBecome` is believed whatever it says. */
const moveAnyway = (message: Message, to: MessageStatus): Message => {
  const believed: (message: Message) => asserts message is MessageIn<"failed"> = () => undefined;
  believed(message);
  const state: { readonly status: "queued"; readonly dueAtMs: number } = Object.assign({}, STATES.queued, STATES[to]);
  return moveTo(message, state, { nowMs: 20 });
};

suite("Which status may follow which", () => {
  test("STATES.md names exactly the moves of the table, and every status", () => {
    const table = MESSAGE_STATUSES.flatMap((from) => NEXT[from].map((to) => `${from}>${to}`));
    assert.deepEqual([...movesOf(DOCUMENT)].sort(), table.sort());
    assert.deepEqual([...namesInColumn(DOCUMENT, "state", PHASES)].sort(), [...MESSAGE_STATUSES].sort());
  });

  test("final statuses are left by no move, except the one whose body is kept for a retry", () => {
    for (const status of MESSAGE_STATUSES) {
      const { stage, body } = STATUSES[status];
      if (stage === "final") assert.equal(NEXT[status].length > 0, body === "kept_for_retry", status);
      else assert.equal(body, "kept", status);
    }
  });

  test("every other move is a defect, whatever the types claim", async () => {
    const message = await accepted();
    for (const from of MESSAGE_STATUSES) {
      for (const to of MESSAGE_STATUSES) {
        const before = inState(message, STATES[from]);
        const isAllowed = NEXT[from].some((next) => next === to);
        assert.equal(mayBecome(before, to), isAllowed, `${from} > ${to}`);
        if (isAllowed) assert.equal(moveAnyway(before, to).status, to);
        else assert.throws(() => moveAnyway(before, to), /must not become/, `${from} > ${to}`);
      }
    }
  });

  test("a status of another release is not moved, and no move leads to it", async () => {
    const message = await accepted();
    const foreign = Object.assign({}, message, { status: "quarantined" });
    for (const to of MESSAGE_STATUSES) assert.throws(() => moveAnyway(foreign, to), /quarantined must not become/);
    for (const name of ["toString", "__proto__", "constructor"]) {
      assert.throws(() => moveAnyway(Object.assign({}, message, { status: name }), "queued"), /must not become/);
    }
  });
});

suite("What a move keeps", () => {
  const later = {
    priority: "high",
    flags: { quarantine: { by: "olga@example.com" }, seen: [1, null] },
    reviewAtMs: 5,
    nothing: null,
  };

  test("every member that this release does not know survives every move", async () => {
    const message = Object.assign({}, await accepted(), later);
    for (const from of MESSAGE_STATUSES) {
      for (const to of NEXT[from]) {
        const after: object = moveAnyway(inState(message, STATES[from]), to);
        for (const [name, value] of Object.entries(later)) {
          assert.deepEqual(Reflect.get(after, name), value, `${from} > ${to}: ${name}`);
        }
      }
    }
  });

  test("every fact is kept, and nothing that belonged only to the former state", async () => {
    const message = await accepted();
    const facts: readonly string[] = Object.keys(message).filter((name) => !(name in STATES.queued));
    for (const from of MESSAGE_STATUSES) {
      for (const to of NEXT[from]) {
        const after = moveAnyway(inState(message, STATES[from]), to);
        assert.deepEqual(Object.keys(after).sort(), [...facts, ...Object.keys(STATES[to])].sort(), `${from} > ${to}`);
        assert.deepEqual(Object.fromEntries(Object.entries(after).filter(([name]) => name in STATES[to])), STATES[to]);
      }
    }
  });

  test("the timeline entry names the new status", async () => {
    const message = await accepted();
    assert.ok(isIn(message, "queued"));
    const after = moveTo(message, STATES.failed, { nowMs: 30 });
    assert.deepEqual(after.timeline.at(-1), { atMs: 30, status: "failed", note: null });
    assert.equal(after.timeline.length, message.timeline.length + 1);
  });
});
