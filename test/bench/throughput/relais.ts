/** `npm start` as the rig measures it: it tells its parent how much CPU it has used. */
import { cpuOnRequest } from "./child.ts";

cpuOnRequest();
await import("../../../functions/runtime/commands/start.ts");
process.send?.({ ready: true });
