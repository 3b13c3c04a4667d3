import { releaseAllHeld, releaseHeld } from "../../../domain/messages/due/release.ts";
import type { System } from "../../system.ts";

/**
 * Releases held messages after a change that allows it (a server can send again, a pause ends). The change succeeds
 * even if this fails, because `dispatch-due` looks at held messages anyway.
 */
export const releaseMail = async (system: System, serverId: string | "all"): Promise<void> => {
  try {
    await (serverId === "all" ? releaseAllHeld(system) : releaseHeld(system, serverId));
  } catch (error) {
    system.log.error("release_put_off", { server: serverId }, error);
  }
};
