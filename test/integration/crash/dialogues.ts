import { decisive } from "./acts.ts";
import { crashEverywhere, type Plan } from "./crash.ts";
import type { Row } from "./model.ts";
import type { World } from "./world.ts";

/**
 * How a mail goes out depends on what EHLO offers and on the number of recipients; with everything offered and one
 * recipient it is one flight. These are the other ways.
 */
const DIALOGUES: readonly {
  readonly name: string;
  readonly lacking: readonly string[];
  readonly recipients: number;
}[] = [
  { name: "several", lacking: [], recipients: 3 },
  { name: "data", lacking: ["CHUNKING"], recipients: 1 },
  { name: "lines", lacking: ["CHUNKING", "PIPELINING"], recipients: 1 },
];

/** Kills deliveries in each of the other dialogues, at the decisive points unless others are chosen. */
export const crashInOtherDialogues = async (
  world: World,
  rounds: number,
  choose: NonNullable<Plan["choose"]> = decisive,
): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const { name, lacking, recipients } of DIALOGUES) {
    world.sandbox.control.clear();
    world.lack(lacking);
    const servers = await world.seed("smtp", 6, `smtp_${name}`);
    const found = await crashEverywhere(world, [{ servers, searchable: true, recipients, rounds, choose }]);
    rows.push(...found.map((row) => ({ ...row, point: `${name}: ${row.point}` })));
  }
  world.sandbox.control.clear();
  return rows;
};
