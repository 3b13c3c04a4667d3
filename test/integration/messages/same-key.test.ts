import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { serverNameId } from "../../../functions/domain/mail-servers/server-name.ts";
import { readBody } from "../../../functions/domain/messages/body-store.ts";
import { finish } from "../../../functions/domain/messages/finish.ts";
import { isIn } from "../../../functions/domain/messages/statuses.ts";
import { testClock } from "../../builders/clock.ts";
import { mailServer, validConnection } from "../../builders/mail-server.ts";
import { programPath } from "../../builders/program-path.ts";
import { testStore } from "../../builders/store.ts";

const WORKER = programPath("same-key");
const run = promisify(execFile);

suite("The same request under one key, from several processes at once", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "relais-same-key-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [what, text, times] of [
    ["a small message", "Bonjour", [13, 13, 12, 12]],
    ["a message whose body lies in chunks", "é".repeat(700_000), [3, 3, 3]],
  ] as const) {
    test(`${what}: one record, one answer`, async () => {
      const path = join(folder, `${times.length}.sqlite`);
      const bodyFile = join(folder, `${times.length}.json`);
      writeFileSync(bodyFile, JSON.stringify({ to: "b@example.org", text }));
      const store = testStore(testClock(), path);
      const value = mailServer({ connection: validConnection() });
      await store.records.commit([
        { op: "create", kind: "mailServers", id: "srv_ada", value },
        { op: "create", kind: "serverNames", id: serverNameId(value.name), value: { serverId: "srv_ada" } },
      ]);
      const outputs = await Promise.all(
        times.map((count) => run(process.execPath, [WORKER, path, bodyFile, String(count)])),
      );
      const lines = outputs.flatMap(({ stdout }) => stdout.trim().split("\n"));
      assert.equal(
        lines.length,
        times.reduce((sum, count) => sum + count, 0),
      );
      assert.equal(new Set(lines.map((line) => line.split(" ")[0])).size, 1, lines.join(", "));
      assert.equal(lines.filter((line) => line.endsWith("false")).length, 1, "one of them was the first");
      const kept = await store.records.query("messagesNewest", {}, { limit: 10 });
      assert.ok(kept !== "bad_cursor");
      assert.equal(kept.items.length, 1);
      const [message] = kept.items;
      assert.ok(message);
      assert.equal((await readBody(store, message.value))?.text, text);
      store.close();
    });
  }

  test("if two requests compete for one key, one wins for all callers until the record is deleted, even after the body is", async () => {
    const path = join(folder, "fight.sqlite");
    const clock = testClock();
    const store = testStore(clock, path);
    await store.records.commit([
      { op: "create", kind: "mailServers", id: "srv_ada", value: mailServer({ connection: validConnection() }) },
    ]);
    const texts = ["un", "deux"];
    const ask = async (): Promise<readonly (readonly string[])[]> => {
      const files = texts.map((text) => {
        const file = join(folder, `${text}.json`);
        writeFileSync(file, JSON.stringify({ server: "srv_ada", to: "b@example.org", text }));
        return file;
      });
      // Two processes each.
      const outputs = await Promise.all(
        [...files, ...files].map((file) => run(process.execPath, [WORKER, path, file, "12"])),
      );
      const lines = outputs.map(({ stdout }) => stdout.trim().split("\n"));
      return texts.map((_, at) => [...(lines[at] ?? []), ...(lines[at + texts.length] ?? [])]);
    };
    const refused = (lines: readonly string[] | undefined): boolean =>
      lines?.length === 24 && lines.every((line) => line === "idempotency_key_reused");
    const first = await ask();
    const winner = first.findIndex((lines) => lines.every((line) => line.startsWith("msg_")));
    assert.notEqual(winner, -1, first.flat().join(", "));
    assert.ok(refused(first[1 - winner]), first[1 - winner]?.join(", "));
    const kept = await store.records.query("messagesNewest", {}, { limit: 10 });
    assert.ok(kept !== "bad_cursor");
    const [message, ...more] = kept.items;
    assert.ok(message);
    assert.deepEqual(more, []);

    assert.ok(isIn(message.value, "queued"));
    const sent = finish(clock, message.value, { status: "sent", nowMs: clock.nowMs(), retentionDays: 30 });
    assert.equal(sent.body.kind, "erased");
    const { id, version } = message;
    await store.records.commit([{ op: "replace", kind: "messages", id, version, value: sent }]);
    const later = await ask();
    assert.deepEqual([...new Set(later[winner])], [`${id} true`]);
    assert.ok(refused(later[1 - winner]));

    assert.ok(sent.eraseAtMs);
    assert.equal(store.eraseExpired(sent.eraseAtMs), 1);
    const again = await ask();
    assert.equal(again.flat().filter((line) => line === `${id} false`).length, 1, "the key is free again");
    store.close();
  });
});
