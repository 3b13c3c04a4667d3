import { decisive, ofFlight } from "./acts.ts";
import { crashEverywhere, type Plan } from "./crash.ts";
import type { Row } from "./model.ts";
import type { World } from "./world.ts";

interface Dialogue {
  readonly name: string;
  readonly lacking: readonly string[];
  readonly recipients: number;
  readonly later?: boolean;
  readonly choose?: NonNullable<Plan["choose"]>;
}

/**
 * How a mail goes out depends on what EHLO offers, on the number of recipients, and on whether the session has carried
 * some before. These are the other ways than that of a session's first mail to one recipient.
 */
export const DIALOGUES: readonly Dialogue[] = [
  { name: "later", lacking: [], recipients: 1, later: true, choose: ofFlight },
  { name: "several", lacking: [], recipients: 3 },
  { name: "data", lacking: ["CHUNKING"], recipients: 1 },
  { name: "lines", lacking: ["CHUNKING", "PIPELINING"], recipients: 1 },
];

/** Kills deliveries in each of these dialogues, at the decisive points unless others are chosen. */
export const crashInOtherDialogues = async (
  world: World,
  rounds: number,
  {
    dialogues = DIALOGUES,
    chosen,
  }: { readonly dialogues?: readonly Dialogue[]; readonly chosen?: NonNullable<Plan["choose"]> } = {},
): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const { name, lacking, recipients, later = false, choose = decisive } of dialogues) {
    world.sandbox.control.clear();
    world.lack(lacking);
    const servers = await world.seed("smtp", 6, `smtp_${name}`);
    const plan = {
      servers,
      searchable: true,
      recipients,
      rounds,
      later,
      choose: later ? choose : (chosen ?? choose),
    };
    const found = await crashEverywhere(world, [plan]);
    rows.push(...found.map((row) => ({ ...row, point: `${name}: ${row.point}` })));
  }
  world.sandbox.control.clear();
  return rows;
};
