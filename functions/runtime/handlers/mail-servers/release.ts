import { releaseAllHeld, releaseHeld } from "../../../domain/messages/due/release.ts";
import type { System } from "../../system.ts";

/**
 * After a change that lets held mail go (a server that can send again, the end of a pause). The change is made and answered as such even if this
 * fails: `dispatch-due` looks at what is held by itself.
 */
export const releaseMail = async (system: System, serverId: string | "all"): Promise<void> => {
  try {
    await (serverId === "all" ? releaseAllHeld(system) : releaseHeld(system, serverId));
  } catch (error) {
    system.log.error("release_put_off", { server: serverId }, error);
  }
};
