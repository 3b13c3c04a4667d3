import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HeldMail, roomOf } from "../../../functions/submission/held-mail.ts";

const MIB = 1024 * 1024;

describe("a mail that is being received", () => {
  it("is kept unchanged, in whatever pieces it comes, and takes little more memory than it has bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30_000 }), { maxLength: 12 }), (pieces) => {
        const room = roomOf(MIB);
        const held = new HeldMail(room, MIB);
        for (const piece of pieces) held.append(Buffer.from(piece));
        const all = Buffer.concat(pieces);
        assert.deepEqual(Buffer.concat(held.parts()), all);
        assert.equal(held.bytes, all.length);
        assert.ok(MIB - room.freeBytes() <= all.length * 1.25 + 8 * 1024);
        held.release();
        held.release();
        assert.equal(room.freeBytes(), MIB);
      }),
      { numRuns: 60 },
    );
  });

  it("takes no more memory in millions of pieces than in one", () => {
    const room = roomOf(4 * MIB);
    const held = new HeldMail(room, 4 * MIB);
    for (let n = 0; n < 300_000; n += 1) held.append(Buffer.from("\r\n."));
    assert.equal(held.bytes, 900_000);
    assert.ok(held.parts().length < 60);
    assert.ok(4 * MIB - room.freeBytes() < 1_200_000);
  });

  it("is dropped if it is too large, or if there is no room", () => {
    const room = roomOf(100_000);
    const large = new HeldMail(room, 10_000);
    large.append(Buffer.alloc(10_000));
    assert.equal(large.dropped, null);
    large.append(Buffer.alloc(1));
    assert.deepEqual([large.dropped, large.parts(), room.freeBytes()], ["too_large", [], 100_000]);
    large.append(Buffer.alloc(50_000));
    assert.deepEqual([large.dropped, large.bytes, room.freeBytes()], ["too_large", 60_001, 100_000]);

    const [first, second] = [new HeldMail(room, MIB), new HeldMail(room, MIB)];
    first.append(Buffer.alloc(60_000));
    second.append(Buffer.alloc(60_000));
    assert.deepEqual([first.dropped, second.dropped], [null, "no_room"]);
    assert.equal(Buffer.concat(first.parts()).length, 60_000);
    first.release();
    assert.equal(room.freeBytes(), 100_000);
  });
});
