/** The SMTP door in a process of its own: `node door.ts <origin of Relais>`. It tells its parent its port. */
import { THIS_BUILD } from "../../../functions/domain/build.ts";
import { jsonLogger } from "../../../functions/runtime/logger.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { openDoor } from "../../../functions/submission/door.ts";
import { cpuOnRequest } from "./child.ts";
import "./nagle-off.ts";

const [, , relaisUrl = ""] = process.argv;
const log = jsonLogger({
  write: () => undefined,
  nowMs: Date.now,
  component: "relais-smtp",
  build: THIS_BUILD,
  projectId: null,
});
const door = await openDoor(
  { relaisUrl, listen: [{ host: "127.0.0.1", port: 0 }], listenTls: [], certificate: null, allowClear: false },
  { clock: systemClock(), log },
);
cpuOnRequest();
process.send?.({ ready: door.addresses[0]?.port });
