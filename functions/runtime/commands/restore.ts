// `npm run restore -- --as-of 2026-11-22T10:00:00Z` must run after the store was restored from a backup of that time,
// and before Relais runs on it. It pauses sending and sets every message that was not final to `unknown`; once Relais
// runs, the resolver looks for each in the sent mail. Then resume sending in the console. `--database` names a database
// of Firestore instead of RELAIS_DATABASE. With `--project`, it does the whole way on Google Cloud: it makes a database
// beside the damaged one, of a minute or from a backup, and switches to it (infra/playbooks/restore.md).
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isoTime } from "../../domain/clock.ts";
import { doubtRestored } from "../../domain/messages/due/doubt-restored.ts";
import { compose } from "../compose.ts";
import { loadConfig } from "../config.ts";
import { ConfigError } from "../config-error.ts";
import { lockDataDir } from "../local/lock.ts";
import { sourceBuild } from "../local/source-build.ts";
import { terminalLog } from "./terminal-log.ts";

const stop = (message: string): never => {
  console.error(message);
  process.exit(1);
};

const FLAGS = {
  "as-of": { type: "string" },
  database: { type: "string" },
  project: { type: "string" },
  prefix: { type: "string" },
  "from-backup": { type: "string" },
  dist: { type: "string" },
} as const;

const parseAsOf = (given = ""): number => {
  const asOfMs = Date.parse(given);
  if (!/^\d{4}-\d\d-\d\dT.+(Z|[+-]\d\d:\d\d)$/.test(given) || Number.isNaN(asOfMs)) {
    return stop("Say when the backup was made, with its time zone: npm run restore -- --as-of 2026-11-22T10:00:00Z");
  }
  return asOfMs > Date.now() ? stop(`${given} is in the future: say when the backup was made.`) : asOfMs;
};

const { values } = parseArgs({ options: FLAGS });

if (values.project !== undefined) {
  const backup = values["from-backup"];
  const source =
    backup === undefined
      ? { kind: "minute" as const, asOfMs: parseAsOf(values["as-of"]) }
      : { kind: "backup" as const, name: backup };
  const { restoreInProject } = await import("./deploy/restore-in-project.ts");
  const { project, prefix = "", database = null, dist = null } = values;
  const failure = await restoreInProject({ project, prefix, dist }, { source, database });
  if (failure !== null) stop(failure);
  process.exit(0);
}

const asOfMs = parseAsOf(values["as-of"]);
try {
  const database = values.database === undefined ? {} : { RELAIS_DATABASE: values.database };
  // Nothing here waits, so time need not be scaled.
  const config = loadConfig({ ...process.env, RELAIS_TIME_SCALE: "", ...database }, { laptop: true });
  if (config.store === "embedded" && lockDataDir(config.dataDir) === null) {
    stop(`${config.dataDir} is in use by a running Relais. Stop it first.`);
  }
  const build = sourceBuild(join(import.meta.dirname, "../../.."), config.commit);
  const system = compose(config, { component: "restore", build, log: terminalLog("restore", build) });
  const restored = await doubtRestored(system, asOfMs);
  if (!restored.ok) {
    const { messageId, updatedAtMs } = restored.problem;
    stop(
      `This store is not a copy of ${isoTime(asOfMs)}: ${messageId} was changed at ${isoTime(updatedAtMs)}. Nothing was changed.`,
    );
  } else {
    console.log(
      `Sending is paused, and ${restored.value} messages are in doubt. Start Relais: it searches the sent mail for each of them.`,
    );
    console.log(
      "When the console shows that the search is over, resume sending and decide on the messages that were not found.",
    );
  }
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  stop(error.message);
}
process.exit(0);
