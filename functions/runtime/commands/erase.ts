// `npm run erase -- --recipient someone@example.org` counts what the store has about a recipient, and with `--yes`
// erases it; `--mailbox ada@your-domain` does so for a mailbox that mail is sent from, and ends its owner's sessions.
// infra/data-protection.md says what stays, and why.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { endSessionsOf } from "../../domain/access/end-sessions.ts";
import { parseAddress } from "../../domain/address.ts";
import { serversOfAddress } from "../../domain/mail-servers/own-servers.ts";
import { eraseMessages, type Person } from "../../domain/messages/commands/erase-messages.ts";
import { compose } from "../compose.ts";
import { loadConfig } from "../config.ts";
import { ConfigError } from "../config-error.ts";
import { lockDataDir } from "../local/lock.ts";
import { sourceBuild } from "../local/source-build.ts";
import type { System } from "../system.ts";
import { terminalLog } from "./terminal-log.ts";

const USAGE = `npm run erase -- --recipient ADDRESS   counts the messages to this address
npm run erase -- --mailbox ADDRESS     counts the messages from this address, and those of its mail servers
  --yes               erases them; without it, nothing is changed
  --project PROJECT   of an installation on Google Cloud, with --prefix NAME if it has one`;

const FLAGS = {
  recipient: { type: "string" },
  mailbox: { type: "string" },
  yes: { type: "boolean" },
  project: { type: "string" },
  prefix: { type: "string" },
} as const;

const stop = (message: string): never => {
  console.error(message);
  process.exit(2);
};

const parseFlags = () => {
  try {
    return parseArgs({ options: FLAGS }).values;
  } catch (error) {
    return stop(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
};

const { recipient, mailbox, yes, project, prefix = "" } = parseFlags();
const dryRun = yes !== true;

const parsePerson = (): Person => {
  const as = mailbox === undefined ? "recipient" : "mailbox";
  const address = parseAddress(mailbox ?? recipient ?? "");
  const both = mailbox !== undefined && recipient !== undefined;
  return both || address === null ? stop(`Name one address.\n${USAGE}`) : { as, address };
};

const findEnvironment = async (): Promise<Readonly<Record<string, string>>> => {
  if (project === undefined) return {};
  const { environmentOf } = await import("./deploy/in-installation.ts");
  const found = await environmentOf({ project, prefix, dist: null });
  return found.ok ? found.value : stop(found.problem);
};

const eraseMailbox = async ({ records }: System, address: string): Promise<void> => {
  if (!dryRun) console.log(`${await endSessionsOf(records, { email: address })} sessions ended.`);
  for (const { value } of await serversOfAddress(records, address))
    console.log(
      `The mail server "${value.name}" stays, with its grant: disconnect and delete it in the console, which also revokes the grant at Google.`,
    );
};

const person = parsePerson();
try {
  const environment = { ...process.env, ...(await findEnvironment()), RELAIS_TIME_SCALE: "" };
  const config = loadConfig(environment, { laptop: true });
  if (config.store === "embedded" && lockDataDir(config.dataDir) === null)
    stop(`${config.dataDir} is in use by a running Relais. Stop it first.`);
  const build = sourceBuild(join(import.meta.dirname, "../../.."), config.commit);
  const system = compose(config, { component: "erase", build, log: terminalLog("erase", build) });
  const { erased, left } = await eraseMessages({ records: system.records, dryRun }, person);
  console.log(`${erased} messages ${dryRun ? "would be erased: add --yes" : "erased"}.`);
  if (left.length > 0)
    console.log(
      `${left.length} are not over yet, and stay. Cancel them or wait, and run this again: ${left.join(", ")}`,
    );
  if (person.as === "mailbox") await eraseMailbox(system, person.address);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  stop(error.message);
}
process.exit(0);
