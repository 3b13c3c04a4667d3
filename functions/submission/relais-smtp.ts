// `relais-smtp`: the SMTP door as a program of its own. It is configured by its environment and ends on SIGTERM.
import { THIS_BUILD } from "../domain/build.ts";
import { SECOND } from "../domain/clock.ts";
import { ConfigError } from "../runtime/config-error.ts";
import { endOnSignals } from "../runtime/ending-signals.ts";
import { jsonLogger } from "../runtime/logger.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { loadDoorConfig } from "./config.ts";
import { AddressRefused, type Door, openDoor } from "./door.ts";
import { showAddress } from "./listen-address.ts";

/** How long messages under way may take once the program must stop: supervisors kill after ten seconds. */
const GRACE_MS = 8 * SECOND;

const log = jsonLogger({
  write: (line) => void process.stdout.write(`${line}\n`),
  nowMs: Date.now,
  component: "relais-smtp",
  build: THIS_BUILD,
  projectId: null,
});

const open = async (): Promise<Door> => {
  try {
    const config = loadDoorConfig(process.env);
    const door = await openDoor(config, { clock: systemClock(), log });
    for (const address of door.addresses)
      log.info("door_open", { address: showAddress(address), relais: config.relaisUrl });
    return door;
  } catch (error) {
    const isExpected = error instanceof ConfigError || error instanceof AddressRefused;
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    process.stderr.write(`${isExpected ? message : stack}\n`);
    process.exit(1);
  }
};

const end = async (): Promise<void> => {
  await (await opening).close(GRACE_MS);
  log.info("door_closed");
  process.exit(0);
};

endOnSignals(() => void end());

const opening = open();
