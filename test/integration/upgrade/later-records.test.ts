import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { emulatorsMissing } from "../../builders/emulators.ts";
import { seedServers } from "../../builders/seeded-server.ts";
import { startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { embeddedPlatform } from "../crash/embedded-platform.ts";
import { googlePlatform } from "../crash/google-platform.ts";
import type { Platform } from "../crash/platform.ts";
import type { Checked } from "./left-alone.ts";
import {
  keepsBodiesOfLaterMessages,
  leavesMessagesAlone,
  leavesPushesToLater,
  leavesServersAlone,
} from "./left-alone.ts";

import { keepsMembersOfMessages, keepsMembersOfServers, keepsMembersOfTheRest, MESSAGE_MOVES } from "./members-kept.ts";

type Sandbox = Awaited<ReturnType<typeof startGoogleSandbox>>;

const STORES: Readonly<
  Record<string, { readonly runs: number; readonly open: (sandbox: Sandbox, directory: string) => Promise<Platform> }>
> = {
  SQLite: { runs: 60, open: embeddedPlatform },
  Firestore: { runs: 10, open: googlePlatform },
};

for (const [name, { runs, open }] of Object.entries(STORES)) {
  const skip = name === "Firestore" ? emulatorsMissing() : false;
  suite(`Records of a later release, on ${name}`, { skip }, () => {
    let platform: Platform;
    let sandbox: Sandbox;
    let checked: Checked;
    const directory = mkdtempSync(join(tmpdir(), "relais-later-"));
    before(async () => {
      sandbox = await startGoogleSandbox();
      platform = await open(sandbox, directory);
      const { system } = platform;
      await seedServers(system, sandbox, { ids: ["srv_known"] });
      await seedServers(system, sandbox, { ids: ["srv_archived"], active: false });
      checked = { system, serverId: "srv_known", runs, mails: () => sandbox.control.mails().length };
    });
    after(async () => {
      await platform.close();
      await sandbox.close();
      rmSync(directory, { recursive: true, force: true });
    });

    for (const move of MESSAGE_MOVES) {
      test(`unknown members of a message are kept: ${move}`, () =>
        keepsMembersOfMessages({ system: platform.system, runs: Math.ceil(runs / 20) }, move));
    }
    test("unknown members of a mail server are kept through every change", () =>
      keepsMembersOfServers({ system: platform.system, runs: Math.ceil(runs / 20) }));
    test("unknown members of settings, ledgers, token entries and sweeps are kept too", () =>
      keepsMembersOfTheRest({ system: platform.system }));
    test("messages are shown, and never moved, sent, postponed or erased", () => leavesMessagesAlone(checked));
    test("a body is kept that a later release may refer to in its own way", () => keepsBodiesOfLaterMessages(checked));
    test("what a later release publishes for itself is left for it", () => leavesPushesToLater(checked));
    test("mail servers are shown, and never checked, moved, edited, disconnected or deleted", () =>
      leavesServersAlone(checked));
  });
}
