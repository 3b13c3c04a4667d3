import { InfraCopy, type Plan, whyNoTerraform } from "./terraform.ts";

/** A copy that nothing edits. The files that share a process share it and its plan, which takes seconds. */
export const copy = new InfraCopy();
process.once("exit", () => copy.remove());

/** Why plans are impossible here; null if they are possible. */
export const missing = whyNoTerraform(copy);

/** Kept under a name of its own, because it is applied too. */
export const FIRST_PLAN = "first.bin";

let planned: Plan | undefined;

/** The plan with the inputs that every plan needs, and no others. */
export const firstPlan = (): Plan => {
  planned ??= copy.plan({}, FIRST_PLAN);
  return planned;
};
