import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { CHANNELS, scan } from "../../builders/canary.ts";

const secret = { kind: "access token", value: `ya29.${randomBytes(24).toString("base64url")}` };
const spelt: Readonly<Record<string, (value: string) => string>> = {
  plain: (value) => value,
  "inside base64": (value) => Buffer.from(`user=a@b.c\u0001auth=Bearer ${value}\u0001\u0001`).toString("base64"),
  "inside base64, shifted": (value) => Buffer.from(`x${value}yz`).toString("base64"),
  "inside base64, shifted twice": (value) => Buffer.from(`xy${value}z`).toString("base64"),
  base64url: (value) => Buffer.from(value).toString("base64url"),
  hex: (value) => Buffer.from(value).toString("hex"),
  "hex in capitals": (value) => Buffer.from(value).toString("hex").toUpperCase(),
  percent: (value) => [...Buffer.from(value)].map((byte) => `%${byte.toString(16)}`).join(""),
};

describe("the canary", () => {
  for (const channel of CHANNELS) {
    for (const [name, spell] of Object.entries(spelt)) {
      it(`finds a leak planted in channel ${channel}, spelt ${name}`, () => {
        const output = { channel, where: "planted", text: `before ${spell(secret.value)} after` };
        const found = scan([secret], [output]);
        assert.equal(found.length, 1);
        assert.equal(found[0]?.channel, channel);
        assert.equal(found[0]?.kind, "access token");
      });
    }
  }

  it("finds nothing in other secrets' spellings", () => {
    const other = randomBytes(32).toString("base64url");
    const text = Object.values(spelt)
      .map((spell) => spell(other))
      .join(" ");
    assert.deepEqual(scan([secret], [{ channel: "log", where: "", text }]), []);
  });
});
