import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";
import { programPath } from "../../builders/program-path.ts";
import { FROM, ID, rawMail } from "../../builders/raw-mail.ts";

const root = join(import.meta.dirname, "../../..");
const MESSAGES = 100;

/** Every third is a mail that its caller has composed, and only the first of them has a Message-ID of its own. */
const mailTo = (to: string, n: number): object => {
  const own = n === 0 ? [ID] : [];
  return n % 3 === 0
    ? { raw: rawMail([FROM, `To: ${to}`, ...own]).toString("base64"), envelope: { to: [to] } }
    : { to, text: "Bonjour" };
};

suite("A store put back from a backup", () => {
  let stack: Stack;
  const backup = mkdtempSync(join(tmpdir(), "relais-backup-"));
  before(async () => {
    stack = await startStack({ RELAIS_TIME_SCALE: "60" });
  });
  after(async () => {
    await stack.stop();
    rmSync(backup, { recursive: true });
  });

  const run = (command: string, args: readonly string[]) =>
    spawnSync(command, args, {
      cwd: root,
      encoding: "utf8",
      // A setup token that `npm start` takes.
      env: { PATH: process.env.PATH, RELAIS_DATA_DIR: stack.relais.dataDir, RELAIS_SETUP_TOKEN: "letmein" },
    });
  /** As people type it. */
  const restoreByNpm = (asOf: string) => run("npm", ["run", "--silent", "restore", "--", "--as-of", asOf]);
  const restore = (asOf: string) => run(process.execPath, [programPath("restore"), "--as-of", asOf]);
  const setPaused = async (paused: boolean) => {
    const answer = await stack.relais.operate("PATCH", "/v1/settings", { paused });
    assert.equal(answer.status, 200, await answer.text());
  };
  /** Reads one message only: listing all of them repeatedly would keep Relais from its work. */
  const isEmpty = async (status: string): Promise<boolean> => {
    const answer = await stack.relais.operate("GET", `/v1/messages?status=${status}&limit=1`);
    const page: { items: readonly unknown[] } = await answer.json();
    return page.items.length === 0;
  };

  test("what was sent after the backup is not sent again: 100 are in the mailbox, and all are known as sent but one with a Message-ID of its caller", async () => {
    const server = await connectedServer(stack, { limits: { perMinute: 1_000, perDay: 2_000 } });
    await setPaused(true);
    const items = Array.from({ length: MESSAGES }, (_, n) => ({ server, ...mailTo(`b${n}@example.org`, n) }));
    const accepted = await stack.relais.operate("POST", "/v1/messages/batch", { items });
    assert.equal(accepted.status, 207);
    const [first] = (await accepted.json()).items;
    await eventually("all wait", () => isEmpty("queued"));
    await stack.relais.kill();
    cpSync(stack.relais.dataDir, backup, { recursive: true });
    const asOf = new Date().toISOString();

    await stack.relais.up();
    await setPaused(false);
    await eventually("all are sent", () => stack.sandbox.control.mails().length === MESSAGES, 240_000);
    assert.match(restore(asOf).stderr, /in use/);
    await stack.relais.kill();
    const early = restore(new Date(0).toISOString());
    assert.equal(early.status, 1, early.stdout);

    rmSync(stack.relais.dataDir, { recursive: true });
    cpSync(backup, stack.relais.dataDir, { recursive: true });
    const restored = restoreByNpm(asOf);
    assert.equal(restored.status, 0, restored.stderr);
    assert.match(restored.stdout, /^Sending is paused, and 100 messages are in doubt[^\n]+\nWhen the console[^\n]+\n$/);
    assert.equal(restored.stderr, "");

    await stack.relais.up();
    await setPaused(false);
    const inDoubt = async () => (await (await stack.relais.operate("GET", "/v1/messages?status=unknown")).json()).items;
    await eventually("one at most is in doubt", async () => (await inDoubt()).length <= 1, 240_000);
    // Another message with the Message-ID of its caller may have been sent since, and its record is lost.
    assert.deepEqual(
      (await inDoubt()).map(({ id }: { readonly id: string }) => id),
      [first.body.id],
    );
    for (const status of ["queued", "held", "deferred", "sending", "failed"]) assert.ok(await isEmpty(status), status);
    assert.equal(stack.sandbox.control.mails().length, MESSAGES);
  });

  test("a wrong time is refused, with advice", () => {
    for (const wrong of ["", "yesterday", "2026-11-22T10:00:00", "2999-01-01T00:00:00Z"]) {
      const refused = restore(wrong);
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /when the backup was made/);
    }
  });
});
