import { AFTERMATH, AFTERMATH_WITHOUT_SEARCH } from "../../integration/crash/acts.ts";
import { crashEverywhere } from "../../integration/crash/crash.ts";
import { crashInOtherDialogues } from "../../integration/crash/dialogues.ts";
import { type Row, tableOf } from "../../integration/crash/model.ts";
import { crashWithoutTheMark } from "../../integration/crash/without-the-mark.ts";
import { type Store, World } from "../../integration/crash/world.ts";
import type { Section, SoakResult } from "./section.ts";

const STORES: readonly { readonly store: Store; readonly name: string }[] = [
  { store: "embedded", name: "On the embedded store" },
  {
    store: "google",
    name: "On Google's store (the emulators of Firestore and Pub/Sub, a stand-in for Secret Manager)",
  },
];

const crashOn = async (store: Store, rounds: number): Promise<readonly Row[]> => {
  const world = await World.make({ store });
  try {
    const smtp = { servers: await world.seed("smtp", 20), searchable: true, rounds, aftermath: AFTERMATH };
    const api = {
      servers: await world.seed("gmail_api", 10),
      searchable: false,
      rounds,
      aftermath: AFTERMATH_WITHOUT_SEARCH,
    };
    const told = (rows: readonly Row[]): void => console.log(`${store}: ${rows.length} messages`);
    const rows = await crashEverywhere(world, [smtp, api], told);
    return [...rows, ...(await crashInOtherDialogues(world, rounds, { chosen: (points) => points }))];
  } finally {
    await world.close();
  }
};

const faultsOf = (rows: readonly Row[]): readonly string[] =>
  rows.filter(({ asItShould }) => !asItShould).map((row) => `${row.point}: ${row.outcome}, ${row.copies} copies`);

const runOn = async ({ store, name }: (typeof STORES)[number], rounds: number): Promise<SoakResult> => {
  const rows = await crashOn(store, rounds);
  const broken = await crashWithoutTheMark(store);
  const found = faultsOf(broken);
  const points = new Set(rows.map(({ point, searchable }) => `${point} ${searchable}`)).size;
  const text = `### ${name}

${rows.length} messages, ${points} points. ${tableOf(rows).replace("|", "\n\n|")}

A build without the mark: ${found.length === 0 ? "no fault was found, which is wrong." : `not as it should be, as was to be shown: ${found.join("; ")}.`}`;
  const faults = [...faultsOf(rows), ...(found.length === 0 ? ["the build without the mark passes"] : [])];
  return { text, faults: faults.map((fault) => `${store}: ${fault}`) };
};

/** Kills the built functions at every point that they pass, this many times each, on both stores. */
export const crash: Section = {
  title: "Killed at every point, every event delivered twice",
  size: { of: "times that each point is struck", usual: 5 },
  run: async (rounds) => {
    const results: SoakResult[] = [];
    for (const one of STORES) results.push(await runOn(one, rounds));
    const legend = `\`before\`, \`after\`: a write or a line to Gmail was about to be, or had been, handed over; \`under way\`: a request had gone out, and may or may not have
been carried out; \`answered\`: the first bytes of its answer were there. Points with the name of a function and an act are those of what comes after a killed delivery. By SMTP a mail is one flight, and "end of message" all of it;
points that begin with \`several\`, \`data\` and \`lines\` are those of a mail to three recipients, of a server without CHUNKING, and of one without PIPELINING too.`;
    return {
      text: [legend, ...results.map(({ text }) => text)].join("\n\n"),
      faults: results.flatMap(({ faults }) => faults),
    };
  },
};
