import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CHANNELS } from "../../builders/canary.ts";
import { scan, scanDirectory } from "../../builders/canary-scan.ts";

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
        const [found, ...more] = scan([secret], [output]).findings;
        assert.deepEqual(more, []);
        assert.equal(found?.channel, channel);
        assert.equal(found?.kind, "access token");
      });
    }
  }

  it("finds nothing in the spellings of other secrets", () => {
    const other = randomBytes(32).toString("base64url");
    const text = Object.values(spelt)
      .map((spell) => spell(other))
      .join(" ");
    assert.deepEqual(scan([secret], [{ channel: "log", where: "", text }]).findings, []);
  });

  it("allows bodies in the store, and nowhere else", () => {
    const body = { kind: "body", value: "canary-body-0123456789" };
    const text = JSON.stringify({ text: body.value });
    assert.deepEqual(scan([body], [{ channel: "store", where: "messages", text }]).findings, []);
    assert.equal(scan([body], [{ channel: "log", where: "send-mail", text }]).findings.length, 1);
  });

  it("finds each leak of a program that leaks through every channel", () => {
    const directory = mkdtempSync(join(tmpdir(), "relais-canary-"));
    try {
      writeFileSync(join(directory, "secrets-0.jsonl"), `${JSON.stringify(secret)}\n`);
      const at = (path: string): string => new URL(path, import.meta.url).pathname;
      const done = spawnSync(
        process.execPath,
        ["--import", at("../../builders/canary-preload.ts"), at("leaks.ts"), secret.value],
        {
          env: { PATH: process.env.PATH, RELAIS_CANARY_DIR: directory },
          encoding: "utf8",
        },
      );
      assert.equal(done.status, 0, done.stderr);
      const channels = scanDirectory(directory).findings.map((finding) => finding.channel);
      assert.deepEqual([...new Set(channels)].sort(), [...CHANNELS].sort());
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
