import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";
import { type Context, contextOf } from "../../../functions/runtime/commands/deploy/context.ts";
import { Gcloud } from "../../../functions/runtime/commands/deploy/gcloud.ts";
import { parseOptions } from "../../../functions/runtime/commands/deploy/options.ts";
import { restoreBeside, type Source } from "../../../functions/runtime/commands/deploy/restore-beside.ts";
import { recall } from "../../../functions/runtime/commands/deploy/state-bucket.ts";
import { deployAll } from "../../../functions/runtime/commands/deploy/steps.ts";
import type { Tools } from "../../../functions/runtime/commands/deploy/tools.ts";
import { type StubServer, startStubServer } from "../../builders/stub-server.ts";
import { type Cloud, readyProject } from "./cloud.ts";
import { StandIns } from "./stand-ins.ts";

const root = join(import.meta.dirname, "../../..");
const PROJECT = "relais-restored";
const BACKUP = `projects/${PROJECT}/locations/eur3/backups/b1`;
const MINUTE: Source = { kind: "minute", asOfMs: Date.parse("2026-11-30T10:20:41Z") };
const BESIDE = "relais-202611301020";

/** Ends a run, as a crash would, right after a change at which no run has ended before. */
class Interrupted extends Error {}

suite("A restore beside the damaged database", () => {
  let standIns: StandIns;
  let hosting: StubServer;
  let deployed: Cloud;
  const folder = mkdtempSync(join(tmpdir(), "relais-beside-"));
  /** The runs of restore.ts, which is tested on the stores themselves. */
  const doubted: (readonly string[])[] = [];
  let endedAt: Set<string> | null = null;

  /** Whether the functions are open, and on which database. */
  const respond = () => {
    const { services, databases } = standIns.cloud;
    const open = services["mail-servers"]?.members.includes("allUsers") && databases.length > 0;
    return open ? { status: 200, body: { version: "0.1.0", commit: "one", checks: [] } } : { status: 403 };
  };

  const tools = (): Tools => {
    return {
      run: async (tool, args, options) => {
        if (tool === "node") {
          assert.equal(respond().status, 403, "nothing runs while messages are set in doubt");
          doubted.push([options?.env?.RELAIS_DATABASE ?? "", ...args.slice(1)]);
          return { status: 0, stdout: "", stderr: "" };
        }
        const ran = await standIns.tools.run(tool, args, options);
        const last = standIns.recorded.at(-1);
        const command = standIns.changes().at(-1) ?? "";
        if (last?.changed && endedAt !== null && !endedAt.has(command)) {
          endedAt.add(command);
          throw new Interrupted(command);
        }
        return ran;
      },
    };
  };

  const context = async (): Promise<Context> => {
    const parsed = parseOptions(["--project", PROJECT, "--operator", "ada@example.com", "--dist", folder]);
    assert.ok(parsed.ok);
    const options = { ...parsed.value, inputs: { ...parsed.value.inputs, public_url: hosting.origin } };
    const gcloud = new Gcloud(tools(), PROJECT);
    const surroundings = { tools: tools(), root, say: () => undefined, wait: async () => undefined };
    const made = contextOf(surroundings, options, await recall(gcloud, ""));
    assert.ok(made.ok);
    return made.value;
  };

  const restore = async (source: Source): Promise<string> => restoreBeside(await context(), { source, database: null });

  before(async () => {
    mkdirSync(join(folder, "console"));
    writeFileSync(join(folder, "console/index.html"), "");
    hosting = await startStubServer();
    hosting.answer(respond);
    standIns = await StandIns.start({ ...readyProject(), project: PROJECT, sites: [PROJECT] });
    await deployAll(await context());
    deployed = structuredClone(standIns.cloud);
  });
  beforeEach(() => {
    standIns.cloud = structuredClone(deployed);
    standIns.cloud.backups.push({ name: BACKUP, database: "(default)", snapshotTime: "2026-11-30T03:00:00.123Z" });
    standIns.rewind();
    doubted.length = 0;
    endedAt = null;
  });
  after(async () => {
    hosting.close();
    await standIns.close();
    rmSync(folder, { recursive: true });
  });

  const databases = (): readonly string[] => standIns.cloud.databases.map(({ id }) => id);
  const changes = (pattern: RegExp): readonly string[] => standIns.changes().filter((one) => pattern.test(one));

  test("closes, clones as of a whole minute, sets in doubt, switches, opens, and keeps the damaged one", async () => {
    assert.equal(await restore(MINUTE), BESIDE);
    assert.deepEqual(databases(), ["(default)", BESIDE]);
    assert.deepEqual(standIns.cloud.databases[0], deployed.databases[0]);
    assert.deepEqual(changes(/databases clone/), [
      `gcloud firestore databases clone --source-database=projects/${PROJECT}/databases/(default) --snapshot-time=2026-11-30T10:20:00.000Z --destination-database=${BESIDE} --project=${PROJECT} --quiet`,
    ]);
    assert.deepEqual(doubted, [[BESIDE, "--as-of", "2026-11-30T10:20:00.000Z"]]);
    assert.equal(changes(/remove-iam-policy-binding/).length, 7);
    assert.deepEqual(
      Object.values(standIns.cloud.services).map(({ members }) => members),
      Object.values(deployed.services).map(({ members }) => members),
    );
    const environments = Object.values(standIns.cloud.services).map(({ revisions }) => revisions.at(-1)?.environment);
    assert.ok(environments.every((one) => one?.includes(BESIDE)));
  });

  test("restores a backup as of its own time", async () => {
    assert.equal(await restore({ kind: "backup", name: BACKUP }), "relais-202611300300");
    assert.match(changes(/databases restore/)[0] ?? "", new RegExp(`--source-backup=${BACKUP} `));
    assert.deepEqual(doubted, [["relais-202611300300", "--as-of", "2026-11-30T03:00:00.123Z"]]);
  });

  test("changes nothing if there is no such backup", async () => {
    await assert.rejects(restore({ kind: "backup", name: "projects/x" }), /There is no backup projects\/x/);
    assert.deepEqual(standIns.changes(), []);
  });

  test("ends in the same state when it is interrupted at each step and run again", async () => {
    await restore(MINUTE);
    const undisturbed = structuredClone(standIns.cloud);
    standIns.cloud = structuredClone(deployed);
    standIns.cloud.backups = undisturbed.backups;
    endedAt = new Set();
    for (let ended = false; !ended; )
      ended = await restore(MINUTE).then(
        () => true,
        (error: unknown) => {
          assert.ok(error instanceof Interrupted, String(error));
          return false;
        },
      );
    assert.ok(endedAt.size >= 7 + 5, [...endedAt].join("\n"));
    assert.deepEqual(standIns.cloud, undisturbed);
  });

  test("is remembered: the next deployment stays on the new database", async () => {
    await restore(MINUTE);
    standIns.rewind();
    await deployAll(await context());
    assert.deepEqual(databases(), ["(default)", BESIDE]);
    assert.deepEqual(changes(/databases/), []);
    const revisions = Object.values(standIns.cloud.services).map((service) => service.revisions.length);
    assert.deepEqual([...new Set(revisions)], [2]);
  });
});
