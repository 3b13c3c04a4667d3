import { SideBySide } from "./side-by-side.ts";
import { StateStore } from "./state-store.ts";
import { command, InfraCopy, type Inputs, type Plan } from "./terraform.ts";

/** A copy that nothing edits. The files that share a process share it and its plan, which takes seconds. */
export const copy = new InfraCopy();
process.once("exit", () => copy.remove());

/** Two installations cannot take the same documents. */
const OTHER_DOCUMENTS = { collection: "post", database: "app", location: "europe-west1", ttl_expire_type: "day" };

/** Of a second installation in the project. */
export const SECOND: Inputs = { prefix: "a", region: "europe-west4", documents: OTHER_DOCUMENTS };

/** What the first two installations of a project leave behind. */
export const store = await StateStore.start();

/** The first installation has the inputs that every plan needs, and no others. */
export const project = new SideBySide(copy, { first: {}, second: { inputs: SECOND } }, store);

const unprepared = await project.prepare();

/** Why plans are impossible here; null if they are possible. */
export const missing = unprepared === null ? null : `${command} init: ${unprepared}`;

let planned: ReturnType<SideBySide["plan"]> | undefined;

/** The plan of the first installation. */
export const firstPlan = async (): Promise<Plan> => {
  planned ??= project.plan();
  const first = (await planned).get("first");
  if (first === undefined) throw new Error("there is no plan of the first installation");
  return first;
};
