import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { networkOf, type Stranger, whomToDrop } from "../../../functions/submission/strangers.ts";

const stranger = (address: string, sinceMs: number, isProving = false): Stranger => ({
  address,
  sinceMs,
  isProving,
  drop: () => undefined,
});

describe("who makes room at the SMTP door", () => {
  it("is the oldest of the most numerous address, and a login that is being checked comes last", () => {
    const innocent = stranger("192.0.2.1", 0);
    const [proving, young, old] = [stranger("192.0.2.2", 1, true), stranger("192.0.2.2", 3), stranger("192.0.2.2", 2)];
    const newcomer = stranger("192.0.2.1", 9);
    assert.equal(whomToDrop([innocent, proving, young, old, newcomer], newcomer), old);
    assert.equal(whomToDrop([innocent, proving, newcomer], newcomer), innocent);
  });

  it("is nobody whose password is being checked, unless one address has more than half of the places", () => {
    const proving = [1, 2, 3].map((sinceMs) => stranger("192.0.2.2", sinceMs, true));
    const neighbour = stranger("192.0.2.2", 9);
    assert.equal(whomToDrop([...proving, neighbour], neighbour), null);
    const other = stranger("192.0.2.1", 9);
    assert.equal(whomToDrop([...proving, other], other), proving[0]);
    const halves = [...proving.slice(1), stranger("192.0.2.1", 4, true), other];
    assert.equal(whomToDrop(halves, other), null);
  });

  it("is never the newcomer itself", () => {
    const newcomer = stranger("192.0.2.1", 1);
    assert.equal(whomToDrop([newcomer], newcomer), null);
  });

  it("is found by the /64 of an IPv6 address, as one machine has all of it", () => {
    const same = ["2001:db8:0:1::1", "2001:db8:0:1:ffff:0:0:2", "2001:db8::1:0:0:0:3"].map(networkOf);
    assert.deepEqual(new Set(same), new Set(["2001:db8:0:1"]));
    assert.notEqual(networkOf("2001:db8:0:2::1"), same[0]);
    assert.equal(networkOf("::1"), "0:0:0:0");
    assert.equal(networkOf("192.0.2.1"), "192.0.2.1");
    assert.equal(networkOf(""), "");
  });
});
