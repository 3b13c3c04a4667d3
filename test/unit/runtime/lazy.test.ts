import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lazyPort, once } from "../../../functions/runtime/lazy.ts";

interface Port {
  add(a: number, b: number): Promise<number>;
}

class Adder implements Port {
  #offset = 1;
  async add(a: number, b: number): Promise<number> {
    return a + b + this.#offset;
  }
}

describe("lazyPort", () => {
  it("loads once, at the first call, even if several calls come at once", async () => {
    let loads = 0;
    const port = lazyPort<Port>(async () => {
      loads += 1;
      return new Adder();
    });
    assert.equal(loads, 0);
    assert.deepEqual(await Promise.all([port.add(1, 2), port.add(3, 4)]), [4, 8]);
    assert.equal(loads, 1);
  });

  it("can be awaited, spread and stored like any object without being loaded", async () => {
    const port = lazyPort<Port>(async () => assert.fail("was loaded"));
    assert.equal(await port, port);
    assert.equal({ port }.port, port);
  });

  it("tries again after a failed load", async () => {
    let tries = 0;
    const get = once(async () => {
      tries += 1;
      if (tries === 1) throw new Error("not yet");
      return tries;
    });
    await assert.rejects(get(), /not yet/);
    assert.equal(await get(), 2);
    assert.equal(await get(), 2);
  });
});
