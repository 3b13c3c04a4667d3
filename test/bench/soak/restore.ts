import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { DocumentData, DocumentReference, Firestore } from "@google-cloud/firestore";
import { isoTime } from "../../../functions/domain/clock.ts";
import { ok } from "../../../functions/domain/result.ts";
import { changeSettings } from "../../../functions/domain/settings/change-settings.ts";
import { plainFirestore } from "../../builders/plain-firestore.ts";
import { recover } from "../../integration/crash/crash.ts";
import { World } from "../../integration/crash/world.ts";
import type { Section } from "./section.ts";

const root = join(import.meta.dirname, "../../..");

interface Copied {
  readonly document: DocumentReference;
  readonly data: DocumentData;
}

/** Everything in the database, as an export has it. */
const copyAll = async (database: Firestore): Promise<readonly Copied[]> => {
  const copies: Copied[] = [];
  for (const collection of await database.listCollections())
    for (const found of (await collection.get()).docs) copies.push({ document: found.ref, data: found.data() });
  return copies;
};

const restoreCopy = async (world: World, database: Firestore, copies: readonly Copied[]): Promise<void> => {
  const { unwatchedHost: host, environment } = world;
  const { GOOGLE_CLOUD_PROJECT: project } = environment;
  const url = `http://${host}/emulator/v1/projects/${project}/databases/(default)/documents`;
  const cleared = await fetch(url, { method: "DELETE" });
  if (!cleared.ok) throw new Error(`the database was not cleared: ${cleared.status}`);
  for (const { document, data } of copies) await document.set(data);
  if ((await copyAll(database)).length !== copies.length) throw new Error("not everything was put back");
};

const pause = async ({ system }: World, paused: boolean): Promise<void> => {
  const deed = { actor: "soak", action: "settings.update", target: "settings", detail: {} } as const;
  const changed = await changeSettings(
    system,
    (before) => ok({ ...before, paused }),
    () => deed,
  );
  if (!changed.ok) throw new Error(changed.problem.code);
};

/** Never `spawnSync`: the proxy in front of the emulator runs in this very process. */
const runRestore = async (world: World, asOfMs: number): Promise<string> => {
  const env = { PATH: process.env.PATH, ...world.environment };
  const args = ["run", "--silent", "restore", "--", "--as-of", isoTime(asOfMs)];
  const { stdout } = await promisify(execFile)("npm", args, { cwd: root, env });
  return stdout.split("\n")[0] ?? "";
};

const held = async (world: World, ids: readonly string[]): Promise<void> => {
  const { deliver, dispatch } = await world.standing();
  await world.events.flow({ deliver, dispatch });
  while (!(await Promise.all(ids.map((id) => world.message(id)))).every(({ status }) => status === "held"))
    await delay(50);
};

/** On Google's store; `npm test` does it on the embedded one. */
const sendRestoreSend = async (world: World, count: number): Promise<readonly string[]> => {
  const { unwatchedHost, environment } = world;
  const database = plainFirestore(environment.GOOGLE_CLOUD_PROJECT ?? "", unwatchedHost ?? "");
  const servers = await world.seed("smtp", 5);
  await pause(world, true);
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1)
    ids.push(await world.accept(servers[n % servers.length] ?? "", { subject: `${n}` }));
  await held(world, ids);
  const copies = await copyAll(database);
  const asOfMs = Date.now();
  await pause(world, false);
  await recover(world, ids);
  await world.endStanding();

  await restoreCopy(world, database, copies);
  const said = await runRestore(world, asOfMs);
  await pause(world, false);
  await recover(world, ids);
  const messages = await Promise.all(ids.map((id) => world.message(id)));
  const wrong = messages.filter((message) => message.status !== "sent" || world.copies(message) !== 1);
  const inMailbox = world.sandbox.control.mails().length;
  return [
    ...(said.includes(` ${count} messages`) ? [] : [said]),
    ...(inMailbox === count ? [] : [`${inMailbox} in the mailbox`]),
    ...wrong.map((message) => `${message.messageId}: ${message.status}, ${world.copies(message)} copies`),
  ];
};

export const restore: Section = {
  title: "Google's store put back from a copy of before",
  size: { of: "messages", usual: 100 },
  run: async (count) => {
    const world = await World.make({ store: "google" });
    try {
      const faults = await sendRestoreSend(world, count);
      const inMailbox = world.sandbox.control.mails().length;
      const text = `${count} messages accepted, the database copied, all sent; the copy put back, \`npm run restore\`, un-paused: ${inMailbox} in the mailbox.`;
      return { text, faults };
    } finally {
      await world.close();
    }
  },
};
