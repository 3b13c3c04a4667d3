import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import { withPatience } from "../../../functions/runtime/patience.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { bundleFrom } from "../../builders/changed-copy.ts";
import { emulatorsMissing } from "../../builders/emulators.ts";
import { seedServers } from "../../builders/seeded-server.ts";
import { startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { embeddedPlatform } from "../crash/embedded-platform.ts";
import { googlePlatformAt } from "../crash/google-platform.ts";
import { lastTag, sourcesOf } from "./last-release.ts";
import { nextRelease } from "./next-release.ts";
import { ALL_STEPS, type Release, type Step, TwoReleases } from "./two-releases.ts";

const root = join(import.meta.dirname, "../../..");
const FUNCTIONS = ["deliver-mail", "dispatch-due"] as const;

/**
 * Out and back beginning with the function that sends, and out again beginning with the one that ticks: every pair of
 * releases runs. Each step starts a process. `npm run soak -- releases` also goes back beginning with the latter.
 */
const STEPS = ALL_STEPS.slice(0, 6);

suite("Two releases on one store, rolled out, back and out again under load, with SIGKILLs", () => {
  const directory = mkdtempSync(join(tmpdir(), "relais-two-"));
  const built = async (name: string, source: string): Promise<Release> => {
    const shared = name === "this" ? process.env.RELAIS_TEST_DIST : undefined;
    return { source, dist: shared || (await bundleFrom(source, join(directory, name), ...FUNCTIONS)) };
  };
  let now: Release;
  let next: Release;
  before(async () => {
    [now, next] = await Promise.all([built("this", root), built("next", nextRelease())]);
  });
  after(() => {
    rmSync(next.source, { recursive: true, force: true });
    rmSync(directory, { recursive: true, force: true });
  });

  const rollOut = async (
    releases: Pick<ConstructorParameters<typeof TwoReleases>[0], "earlier" | "later" | "setsAside">,
  ) => {
    const data = mkdtempSync(join(directory, "run-"));
    const sandbox = await startGoogleSandbox();
    const platform = await embeddedPlatform(sandbox, data);
    const servers = ["srv_0", "srv_1", "srv_2"];
    await seedServers(platform.system, sandbox, { ids: servers });
    const two = new TwoReleases({
      ...{ platform, sandbox, servers, load: 6, kills: 0, steps: STEPS, restMs: 50 },
      ...releases,
    });
    try {
      const outcome = await two.run();
      assert.deepEqual(outcome.faults, []);
      return { outcome, told: toldIn(data) };
    } finally {
      await two.close();
      await platform.close();
      await sandbox.close();
    }
  };

  /** Ids of messages about which such an event was published, or waits in a notice for the next tick to publish. */
  const toldIn = (data: string) => {
    const database = new DatabaseSync(join(data, "data/relais.sqlite"), { readOnly: true });
    const published = database.prepare("SELECT data FROM queue WHERE topic = 'mail-events'").all();
    const noticed = database.prepare("SELECT json_extract(value, '$.news.event') AS data FROM notices").all();
    database.close();
    const events: { readonly type: string; readonly subject: string }[] = [...published, ...noticed].map(({ data }) =>
      JSON.parse(String(data)),
    );
    return (type: RegExp): number =>
      new Set(events.filter((event) => type.test(event.type)).map(({ subject }) => subject)).size;
  };

  test("with one more status, two more members and one more event: nothing is lost or sent twice, and nothing that was set aside is sent", async () => {
    const { outcome, told } = await rollOut({ earlier: now, later: next, setsAside: true });
    const { accepted, setAside, unknown, killed } = outcome;
    assert.ok(setAside > 0 && killed >= STEPS.length && unknown < accepted / 2, JSON.stringify(outcome));
    assert.equal(told(/\.set_aside\.v1$/), setAside);
    assert.equal(told(/\.(sent|resolved|unknown)\.v1$/), accepted);
  });

  /** Either function is the later one alone at some time, and one goes back. Each step starts a process. */
  const FEW_STEPS: readonly Step[] = [
    ["deliver-mail", "later"],
    ["dispatch-due", "later"],
    ["deliver-mail", "earlier"],
    ["deliver-mail", "later"],
  ];
  /**
   * A lease lasts 16 s: on a busy machine the emulators make a delivery take some seconds, and one that outlasts its
   * lease is taken over again and again. `npm run soak -- releases` has the whole roll-out under load.
   */
  const SLOWER = "20";

  test("the same on Firestore and Pub/Sub, with a few mails", { skip: emulatorsMissing() }, async () => {
    const sandbox = await startGoogleSandbox();
    const platform = await googlePlatformAt(sandbox, SLOWER);
    const servers = ["srv_0", "srv_1"];
    const two = new TwoReleases({
      ...{ platform, sandbox, servers, earlier: now, later: next },
      ...{ load: 2, kills: 0, setsAside: true, steps: FEW_STEPS, restMs: 300 },
    });
    try {
      await withPatience(systemClock(), { totalMs: 60_000, failsFast: true }, () =>
        seedServers(platform.system, sandbox, { ids: servers }),
      );
      const { accepted, setAside, killed, faults } = await two.run();
      assert.deepEqual(faults, []);
      assert.deepEqual({ accepted, killed }, { accepted: 2 * FEW_STEPS.length, killed: FEW_STEPS.length });
      assert.ok(setAside > 0);
    } finally {
      await two.close();
      await platform.close();
      await sandbox.close();
    }
  });

  const tag = lastTag(root);
  if (tag === null) console.warn("SKIPPED: there is no tag yet, so no earlier release to run beside this one");
  test("the last tag's functions and this release's", { skip: tag === null ? "no tag yet" : false }, async () => {
    const last = await built("last", sourcesOf(root, tag ?? "", join(directory, "last-sources")));
    await rollOut({ earlier: last, later: now, setsAside: false });
  });
});
