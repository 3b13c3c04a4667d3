import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { DocumentData, Firestore } from "@google-cloud/firestore";
import { isoTime } from "../../../functions/domain/clock.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { ok } from "../../../functions/domain/result.ts";
import { changeSettings } from "../../../functions/domain/settings/change-settings.ts";
import { plainFirestore } from "../../builders/plain-firestore.ts";
import { recover } from "../../integration/crash/crash.ts";
import { World } from "../../integration/crash/world.ts";
import type { Section } from "./section.ts";

const root = join(import.meta.dirname, "../../..");

interface Copied {
  readonly path: string;
  readonly data: DocumentData;
}

/** Everything in the database, as a clone of this minute has it. */
const copyAll = async (database: Firestore): Promise<readonly Copied[]> => {
  const copies: Copied[] = [];
  for (const collection of await database.listCollections())
    for (const found of (await collection.get()).docs) copies.push({ path: found.ref.path, data: found.data() });
  return copies;
};

/** The emulator knows neither clones nor backups, so the copy is written through the client. */
const writeAll = async (database: Firestore, copies: readonly Copied[]): Promise<void> => {
  await Promise.all(copies.map(({ path, data }) => database.doc(path).set(data)));
  if ((await copyAll(database)).length !== copies.length) throw new Error("not everything was copied");
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
  const args = ["run", "--silent", "restore", "--", "--as-of", isoTime(asOfMs), "--database", BESIDE];
  const { stdout } = await promisify(execFile)("npm", args, { cwd: root, env });
  return stdout.split("\n")[0] ?? "";
};

const held = async (world: World, ids: readonly string[]): Promise<void> => {
  const { deliver, dispatch } = await world.standing();
  await world.events.flow({ deliver, dispatch });
  while (!(await Promise.all(ids.map((id) => world.message(id)))).every(({ status }) => status === "held"))
    await delay(50);
};

const BESIDE = "relais-beside";
/** How many more mails are accepted and sent between the minute and the damage. */
const LATE = 20;

interface Rehearsal {
  readonly faults: readonly string[];
  /** How many messages only a person can decide about. */
  readonly left: number;
  /** What each part of the way took, in seconds. */
  readonly copyS: number;
  readonly doubtS: number;
  readonly openS: number;
  /** From the minute to the closing: what was accepted in between has no record any more. */
  readonly lostS: number;
}

/** `World.accept` gives every other mail one. */
const hasCallersId = ({ messageId }: Message): boolean => messageId.endsWith("@erp.example.com>");

const seconds = (fromMs: number): number => Math.round((performance.now() - fromMs) / 100) / 10;

const acceptSome = async (world: World, servers: readonly string[], count: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1)
    ids.push(await world.accept(servers[n % servers.length] ?? "", { subject: `${n}` }));
  return ids;
};

/** The whole way on Google's store: damage, a copy beside, doubt, the switch, and the search in the sent mail. */
const rehearse = async (world: World, count: number): Promise<Rehearsal> => {
  const { unwatchedHost, environment } = world;
  const open = (id?: string) => plainFirestore(environment.GOOGLE_CLOUD_PROJECT ?? "", unwatchedHost ?? "", id);
  const [damaged, beside] = [open(), open(BESIDE)];
  const servers = await world.seed("smtp", 5);
  await pause(world, true);
  const ids = await acceptSome(world, servers, count);
  await held(world, ids);
  const minute = await copyAll(damaged);
  const asOfMs = Date.now();
  const atMs = performance.now();
  await pause(world, false);
  const late = await acceptSome(world, servers, LATE);
  await recover(world, [...ids, ...late]);
  // The damage: no message is as it was.
  for (const { path } of await copyAll(damaged)) if (path.startsWith("messages/")) await damaged.doc(path).delete();
  const remains = await copyAll(damaged);

  await world.endStanding();
  const lostS = seconds(atMs);
  const closedMs = performance.now();
  await writeAll(beside, minute);
  const copyS = seconds(closedMs);
  const doubtMs = performance.now();
  const said = await runRestore(world, asOfMs);
  const doubtS = seconds(doubtMs);
  const openMs = performance.now();
  await world.useDatabase(BESIDE);
  await world.standing();
  const openS = seconds(openMs);
  await pause(world, false);
  await recover(world, ids);

  const messages = await Promise.all(ids.map((id) => world.message(id)));
  const isRight = (message: Message): boolean =>
    world.copies(message) === 1 && message.status === (hasCallersId(message) ? "unknown" : "sent");
  const wrong = messages.filter((message) => !isRight(message));
  const left = messages.filter(hasCallersId).length;
  const inMailbox = world.sandbox.control.mails().length;
  const known = await Promise.all(late.map((id) => world.system.records.get("messages", id)));
  const faults = [
    ...(said.includes(` ${count} messages`) ? [] : [said]),
    ...(inMailbox === count + LATE ? [] : [`${inMailbox} in the mailbox`]),
    ...(known.every((one) => one === undefined) ? [] : ["the new database knows what came after its minute"]),
    ...((await copyAll(damaged)).length === remains.length ? [] : ["the damaged database was touched"]),
    ...wrong.map((message) => `${message.messageId}: ${message.status}, ${world.copies(message)} copies`),
  ];
  return { faults, left, copyS, doubtS, openS, lostS };
};

export const restore: Section = {
  title: "Google's store restored beside the damaged one",
  size: { of: "messages", usual: 100 },
  run: async (count) => {
    const world = await World.make({ store: "google" });
    try {
      const { faults, left, copyS, doubtS, openS, lostS } = await rehearse(world, count);
      const inMailbox = world.sandbox.control.mails().length;
      const closedS = Math.round((copyS + doubtS + openS) * 10) / 10;
      const text = `${count} messages accepted; that minute chosen; all sent, and ${LATE} more accepted and sent; every message deleted. Then the minute's copy in a database beside, \`npm run restore\`, the switch, un-paused: ${inMailbox} in the mailbox, each once,
${count - left} known as sent, and ${left} with a Message-ID of their caller left to a person, because another mail with that id may have been sent since. The damaged database was left as it was.

- **Closed for ${closedS} s** (RTO): ${copyS} s for the copy (Google's clone or restore takes its place), ${doubtS} s to set ${count} messages in doubt, ${openS} s until the functions ran on the new database.
- **Lost: the records of the ${LATE} messages** accepted in the ${lostS} s between the minute and the closing (RPO). Their mail was sent, and is not sent again.`;
      return { text, faults };
    } finally {
      await world.close();
    }
  },
};
