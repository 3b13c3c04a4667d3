import { inInstallation, type Where } from "./in-installation.ts";
import { type RestoreOptions, restoreBeside } from "./restore-beside.ts";

/** Restores an installation that `npm run deploy` has made. Returns why it could not, or null. */
export const restoreInProject = async (where: Where, restore: RestoreOptions): Promise<string | null> => {
  const restored = await inInstallation(where, (context) => restoreBeside(context, restore));
  return restored.ok ? null : restored.problem;
};
