import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { openEmbedded } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { testClock } from "../../builders/clock.ts";
import { acceptedMessage } from "../../builders/delivery.ts";
import { programPath } from "../../builders/program-path.ts";

const LEA = "lea@example.org";

/** What is erased, and what is not, the contract suite says, on both stores. */
suite("npm run erase", () => {
  const data = mkdtempSync(join(tmpdir(), "relais-erase-"));
  after(() => rmSync(data, { recursive: true }));
  const erase = (...args: readonly string[]) => {
    // A setup token that `npm start` takes.
    const env = { RELAIS_DATA_DIR: data, RELAIS_SETUP_TOKEN: "letmein" };
    return spawnSync(process.execPath, [programPath("erase"), ...args], { encoding: "utf8", env });
  };
  const open = () =>
    openEmbedded({
      config: loadConfig({ RELAIS_DATA_DIR: data }),
      clock: systemClock(),
      random: systemRandom,
    })();

  test("says what it would erase, erases it only if asked, and names what stays", async () => {
    const filled = await open();
    for (const [id, status] of [
      ["msg_sent", "sent"],
      ["msg_queued", "queued"],
    ])
      await filled.records.commit([
        {
          op: "put",
          kind: "messages",
          id: String(id),
          value: { ...acceptedMessage(testClock(), String(id), [LEA]), status, finalAtMs: 1 } as unknown as Message,
        },
      ]);
    filled.close();
    const counted = erase("--recipient", "Lea@Example.org");
    assert.match(
      counted.stdout,
      /^1 messages would be erased: add --yes\.\n1 are not over yet.*: msg_queued\n$/,
      counted.stderr,
    );
    const erased = erase("--recipient", LEA, "--yes");
    assert.match(erased.stdout, /^1 messages erased\.\n/, erased.stderr);
    const left = await open();
    const found = await Promise.all(["msg_sent", "msg_queued"].map((id) => left.records.get("messages", id)));
    left.close();
    assert.deepEqual(
      found.map((one) => one?.id),
      [undefined, "msg_queued"],
    );
  });

  test("wants exactly one address", () => {
    const { status, stderr } = erase("--recipient", LEA, "--mailbox", "ada@example.com");
    assert.equal(status, 2);
    assert.match(stderr, /Name one address\.[\s\S]*--mailbox ADDRESS/);
  });
});
