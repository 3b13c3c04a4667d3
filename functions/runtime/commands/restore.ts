// `npm run restore -- --as-of 2026-11-22T10:00:00Z`: after the store was put back from a backup made then, and before anything runs on it. Sending is paused;
// whatever was not final then becomes `unknown`, and the resolver looks for it in the sent mail once Relais runs. Then resume sending in the console.
import { parseArgs } from "node:util";
import { isoTime } from "../../domain/clock.ts";
import { doubtRestored } from "../../domain/messages/due/doubt-restored.ts";
import { compose } from "../compose.ts";
import { ConfigError, loadConfig } from "../config.ts";
import { lockDataDir } from "../local/lock.ts";

const stop = (message: string): never => {
  console.error(message);
  process.exit(1);
};

const asOfGiven = (): number => {
  const given = parseArgs({ options: { "as-of": { type: "string" } } }).values["as-of"] ?? "";
  const asOfMs = Date.parse(given);
  if (!/^\d{4}-\d\d-\d\dT.+(Z|[+-]\d\d:\d\d)$/.test(given) || Number.isNaN(asOfMs)) {
    return stop("Say when the backup was made, with its time zone: npm run restore -- --as-of 2026-11-22T10:00:00Z");
  }
  return asOfMs > Date.now() ? stop(`${given} is in the future: say when the backup was made.`) : asOfMs;
};

const asOfMs = asOfGiven();
try {
  // Nothing here waits, so nothing has to go faster.
  const config = loadConfig({ ...process.env, RELAIS_TIME_SCALE: "" });
  if (config.store === "embedded" && lockDataDir(config.dataDir) === null) {
    stop(`${config.dataDir} is in use by a Relais that runs. Stop it first.`);
  }
  const restored = await doubtRestored(compose(config, { component: "restore" }), asOfMs);
  if (!restored.ok) {
    const { messageId, updatedAtMs } = restored.problem;
    stop(
      `This store is no copy of ${isoTime(asOfMs)}: ${messageId} was changed at ${isoTime(updatedAtMs)}. Nothing was changed.`,
    );
  } else {
    console.log(
      `Sending is paused, and ${restored.value} messages are in doubt. Start Relais: it looks for each in the sent mail.`,
    );
    console.log(
      "When the console shows none that is still looked for, resume sending, and decide on those that were not found.",
    );
  }
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  stop(error.message);
}
process.exit(0);
