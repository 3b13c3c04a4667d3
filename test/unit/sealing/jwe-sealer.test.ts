import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { CompactEncrypt, decodeProtectedHeader } from "jose";
import { jweSealer } from "../../../functions/adapters/sealing/jwe-sealer.ts";
import { Secret } from "../../../functions/domain/secret.ts";

const [older, newer] = [
  { kid: "older", key: randomBytes(32) },
  { kid: "newer", key: randomBytes(32) },
];

test("the header names algorithm, key and context, and nothing else", async () => {
  const sealed = await jweSealer({ current: newer }).seal(new Secret("x"), "srv_1 3");
  assert.deepEqual(decodeProtectedHeader(sealed), { alg: "dir", enc: "A256GCM", kid: "newer", ctx: "srv_1 3" });
});

test("after a rotation the retired key opens its seals, and new seals use the current key", async () => {
  const old = await jweSealer({ current: older }).seal(new Secret("kept"), "c");
  const rotated = jweSealer({ current: newer, retired: [older] });
  assert.equal((await rotated.open(old, "c"))?.reveal(), "kept");
  assert.equal(decodeProtectedHeader(await rotated.seal(new Secret("x"), "c")).kid, "newer");
  assert.equal(await jweSealer({ current: newer }).open(old, "c"), undefined, "once it is dropped, no more");
});

test("a seal by another algorithm, without a kid, or with an unknown kid does not open, even with the right key", async () => {
  const sealer = jweSealer({ current: newer });
  const make = (header: { alg: string; enc: string; kid?: string }, key: Uint8Array = newer.key) =>
    new CompactEncrypt(new TextEncoder().encode("x")).setProtectedHeader({ ...header, ctx: "c" }).encrypt(key);
  assert.equal((await sealer.open(await make({ alg: "dir", enc: "A256GCM", kid: "newer" }), "c"))?.reveal(), "x");
  for (const foreign of [
    await make({ alg: "A256KW", enc: "A256GCM", kid: "newer" }),
    await make({ alg: "A256GCMKW", enc: "A256GCM", kid: "newer" }),
    await make({ alg: "dir", enc: "A128CBC-HS256", kid: "newer" }),
    await make({ alg: "dir", enc: "A256GCM" }),
    await make({ alg: "dir", enc: "A256GCM", kid: "stranger" }),
  ]) {
    assert.equal(await sealer.open(foreign, "c"), undefined);
  }
});
