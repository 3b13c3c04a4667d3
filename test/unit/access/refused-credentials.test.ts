import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type CredentialKind, refusedCredentials } from "../../../functions/domain/access/refused-credentials.ts";
import { MINUTE, SECOND } from "../../../functions/domain/clock.ts";
import type { LogFields } from "../../../functions/domain/log.ts";
import { testClock } from "../../builders/clock.ts";

describe("refused credentials", () => {
  let lines: { code: string; fields: LogFields }[];
  let waits: { ms: number; over: () => void }[];
  let nowMs: number;
  let note: ReturnType<typeof refusedCredentials>;
  const refuse = (credential: CredentialKind = "setup_token") => note({ credential, keyId: null });
  const counted = (): number => lines.reduce((sum, { fields }) => sum + Number(fields.count), 0);

  beforeEach(() => {
    lines = [];
    waits = [];
    nowMs = 0;
    const log = { info: () => undefined, error: () => undefined };
    const warn = (code: string, fields: LogFields = {}): void => void lines.push({ code, fields });
    const sleep = (ms: number): Promise<void> => new Promise((over) => waits.push({ ms, over }));
    note = refusedCredentials({ clock: { ...testClock(), nowMs: () => nowMs, sleep }, log: { ...log, warn } });
  });

  /** Sends one after the other, as a guesser who waits for each answer. Returns how long each took. */
  const inTurn = async (times: number): Promise<number[]> => {
    const each: number[] = [];
    for (let n = 0; n < times; n += 1) {
      const before = waits.length;
      const answered = refuse();
      const wait = waits[before];
      each.push(wait?.ms ?? 0);
      nowMs += wait?.ms ?? 0;
      wait?.over();
      await answered;
    }
    return each;
  };

  it("cost no time while they are few; then each slows the next one down, up to a second", async () => {
    const each = await inTurn(60);
    assert.deepEqual(each.slice(0, 5), [0, 0, 0, 0, 0]);
    assert.ok((each[10] ?? 0) > (each[6] ?? 0), String(each));
    assert.ok(Math.max(...each) <= SECOND);
    assert.ok((each.at(-1) ?? 0) > 0.9 * SECOND);
    nowMs += 2 * MINUTE;
    assert.deepEqual(await inTurn(3), [0, 0, 0], "forgotten after a while");
  });

  it("hold only a few requests at once, however many come", async () => {
    const answers = Array.from({ length: 5_000 }, () => refuse());
    assert.equal(waits.length, 8);
    for (const { over } of waits) over();
    await Promise.all(answers);
    const again = refuse();
    assert.equal(waits.length, 9, "a place is free again");
    waits.at(-1)?.over();
    await again;
  });

  it("are all logged, singly or counted, in few lines and by kind", async () => {
    for (let n = 0; n < 1_020; n += 1) void refuse("api_key");
    void refuse("setup_token");
    assert.equal(counted(), 1_021);
    assert.equal(lines.length, 20 + 20 + 1);
    for (let n = 0; n < 7; n += 1) void refuse("api_key");
    assert.equal(counted(), 1_021, "not a full lot yet");
    nowMs += MINUTE;
    void refuse("api_key");
    assert.equal(counted(), 1_029, "told with the next one");
    assert.ok(lines.every(({ code }) => code === "credential_refused"));
  });

  it("name a refused key by its public half", () => {
    void note({ credential: "api_key", keyId: "0123456789abcdef01" });
    assert.deepEqual(lines[0]?.fields, { credential: "api_key", count: 1, key: "0123456789abcdef01" });
  });
});
