import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { bodyRoom } from "../../../functions/runtime/body-room.ts";

const KNOWN = { anonymous: false };
const UNKNOWN = { anonymous: true };

describe("an instance's room for bodies", () => {
  it("gives turns as long as they fit, and passes a returned turn on", async () => {
    const share = bodyRoom({ limit: 100, waitMs: 5_000, exclusiveMs: 0 });
    const [one, two, three] = [share(), share(), share()];
    assert.equal(await one.turn(60), true);
    assert.equal(await two.turn(40), true);
    const waits = three.turn(10);
    one.release();
    assert.equal(await waits, true);
  });

  it("lets the smallest body go first", async () => {
    const share = bodyRoom({ limit: 100, waitMs: 5_000, exclusiveMs: 0 });
    const holder = share();
    await holder.turn(100);
    const order: number[] = [];
    const shares = [90, 30, 60].map((bytes) => {
      const one = share();
      return one.turn(bytes).then(() => {
        order.push(bytes);
        setImmediate(one.release);
      });
    });
    holder.release();
    await Promise.all(shares);
    assert.deepEqual(order, [30, 60, 90]);
  });

  it("keeps only what a body really took once it has arrived", async () => {
    const share = bodyRoom({ limit: 100, waitMs: 5_000, exclusiveMs: 0 });
    const [chunked, other] = [share(), share()];
    await chunked.turn(100);
    const waits = other.turn(80);
    chunked.complete(20);
    assert.equal(await waits, true);
  });

  it("admits a body larger than the room, alone", async () => {
    const share = bodyRoom({ limit: 100, waitMs: 5_000, exclusiveMs: 0 });
    assert.equal(await share().turn(500), true);
  });

  it("makes a large body wait a while for others to finish, but lets small ones join a large one at once", async () => {
    const share = bodyRoom({ limit: 100, waitMs: 5_000, exclusiveMs: 1_000, slow: { bytes: 0, ms: 20 } });
    const [usual, large, another] = [share(), share(), share()];
    await usual.turn(30);
    let came = false;
    const waits = large.turn(60).then((granted) => {
      came = granted;
    });
    await pause(50);
    assert.equal(came, false);
    usual.release();
    await waits;
    assert.equal(came, true);
    assert.equal(await another.turn(30), true);
    large.release();
    const beganMs = performance.now();
    assert.equal(await share().turn(60), true);
    assert.ok(performance.now() - beganMs >= 990, "in the end it comes beside others");
  });

  it("turns away a body that has waited too long, and reserves nothing for one that left", async () => {
    const share = bodyRoom({ limit: 100, waitMs: 30 });
    const [holder, late, gone, last] = [share(), share(), share(), share()];
    await holder.turn(100);
    assert.equal(await late.turn(10), false);
    const left = gone.turn(50);
    gone.release();
    assert.equal(await left, false);
    holder.release();
    assert.equal(await last.turn(100), true);
  });

  it("takes the turn from a body that hardly moves while others wait, and from no other", async () => {
    const share = bodyRoom({ limit: 100, waitMs: 5_000, exclusiveMs: 0, slow: { bytes: 10, ms: 200 } });
    const lost: string[] = [];
    const begin = async (name: string) => {
      const one = share();
      one.onLost(() => {
        lost.push(name);
        one.release();
      });
      await one.turn(50);
      return one;
    };
    await begin("silent");
    const quick = await begin("quick");
    await pause(450);
    assert.deepEqual(lost, [], "nobody waits yet");
    let came = 0;
    const coming = setInterval(() => {
      came += 10;
      quick.hold(came, KNOWN);
    }, 5);
    assert.equal(await share().turn(50), true);
    clearInterval(coming);
    assert.deepEqual(lost, ["silent"]);
  });

  it("drops the oldest bodies of unknown callers first, and never one of a known caller", () => {
    const share = bodyRoom();
    const lost: number[] = [];
    const known = share();
    known.onLost(() => assert.fail("a known caller lost its body"));
    known.hold(64 * 1024, KNOWN);
    const hold = (at: number) => {
      const one = share();
      one.onLost(() => lost.push(at));
      one.hold(1, UNKNOWN);
      one.hold(64 * 1024, UNKNOWN);
      return one;
    };
    const first = Array.from({ length: 128 }, (_, at) => hold(at));
    assert.deepEqual(lost, []);
    first[0]?.complete(64 * 1024);
    hold(128);
    assert.deepEqual(lost, [], "a body that has come holds no place among those that still come");
    hold(129);
    hold(130);
    assert.deepEqual(lost, [1, 2]);
  });
});
