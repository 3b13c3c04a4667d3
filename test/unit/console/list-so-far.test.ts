import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ListSoFar, startOf, withFirst, withMore } from "../../../functions/console/state/list-so-far.ts";

const idOf = (item: string): string => item;
const again = (list: ListSoFar<string>, ...items: string[]) => withFirst(list, { items, next: "newer" }, idOf);
/** Each item with the number by which a long list knows where it stands. */
const numbered = ({ items, startsAt }: ListSoFar<string>) =>
  items.map((item, at) => `${item}${startsAt + at}`).join(" ");

describe("a list by cursor", () => {
  const firstPage = startOf({ items: ["d", "c"], next: "1" });
  const list = withMore(firstPage, { items: ["b", "a"], next: "2" });

  it("holds each page after the one before, and knows where to read on", () => {
    assert.equal(numbered(list), "d0 c1 b2 a3");
    assert.equal(list.next, "2");
  });

  it("loses nothing when new items move others off the first page, and lets each keep its number", () => {
    const later = again(list, "f", "e");
    assert.equal(numbered(later), "f0 e1", "what came between is not known, so the list starts over");
    assert.equal(later.next, "newer");
    const joined = again(again(list, "e", "d"), "f", "e");
    assert.equal(numbered(joined), "f-2 e-1 d0 c1 b2 a3");
    assert.equal(joined.next, "2");
  });

  it("drops what is no longer there, and shows what has come to be there", () => {
    assert.equal(numbered(again(list, "d", "b")), "d1 b2 a3");
    assert.equal(numbered(again(list, "d", "x")), "d-1 x0 c1 b2 a3");
  });

  it("is what one page holds if that is all there is", () => {
    const all = withFirst(list, { items: ["e"], next: null }, idOf);
    assert.deepEqual([numbered(all), all.next], ["e0", null]);
  });

  it("keeps what older pages held while the first one has nothing to show, and counts such pages", () => {
    const barren = withMore(withMore(startOf<string>({ items: [], next: "1" }), { items: [], next: "2" }), {
      items: [],
      next: "3",
    });
    assert.equal(barren.barren, 2);
    const found = withMore(barren, { items: ["a"], next: "4" });
    assert.equal(found.barren, 0);
    assert.equal(again(found), found);
  });
});
