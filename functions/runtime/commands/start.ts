import type { RequestListener } from "node:http";
import { join } from "node:path";
import { loadPublicSuffixes } from "../../domain/access/shared-domain.ts";
import { SECOND } from "../../domain/clock.ts";
import type { Secret } from "../../domain/secret.ts";
import { type Config, listsDomains, loadConfig } from "../config.ts";
import { ConfigError, type Environment } from "../config-error.ts";
import { endOnSignals } from "../ending-signals.ts";
import { banner } from "../local/banner.ts";
import { saveCredentials } from "../local/credentials-file.ts";
import { type LocalDoor, openLocalDoor } from "../local/door.ts";
import { findFirestoreEmulator, startFirestoreEmulator, stopEmulator } from "../local/firestore-emulator.ts";
import { freePort } from "../local/free-port.ts";
import { listen, PortTaken } from "../local/listen.ts";
import { lockDataDir } from "../local/lock.ts";
import { type StartOptions, StartRefused, startOptions, wantsSandbox, withoutStandIns } from "../local/options.ts";
import { replyTo } from "../local/refusals.ts";
import { type LocalSandbox, startSandbox } from "../local/sandbox.ts";
import { ensureSetupToken } from "../local/setup-token.ts";
import { sourceBuild } from "../local/source-build.ts";
import { openStack } from "../local/stack.ts";
import { systemRandom } from "../randomness.ts";

// `npm start`: all functions on one origin, with the embedded store and, by default, the local Google sandbox.

const ROOT = join(import.meta.dirname, "../../..");

/** How long mails that arrive by SMTP, and then requests in progress, may take once the process must stop. */
const SMTP_GRACE_MS = 2 * SECOND;
const HTTP_GRACE_MS = 6 * SECOND;

/** What has been started; it must be closed in the opposite order. */
type Closers = (() => void | Promise<void>)[];

const endAll = async (closers: Closers): Promise<void> => {
  for (const close of closers.toReversed()) await close();
  closers.length = 0;
};

const answerStarting: RequestListener = (req, res) =>
  replyTo(req, res, { kind: "problem", problem: { code: "unavailable", retryAfterS: 1 } });

interface Configured {
  readonly config: Config;
  readonly madeToken: Secret | null;
  readonly sandbox: LocalSandbox | null;
}

interface StartPlan {
  readonly given: Environment;
  /** No variable names Google's endpoints, so the sandbox will. */
  readonly sandboxed: boolean;
}

const planStart = (env: Environment, options: StartOptions): StartPlan => {
  const given = options.useRealGoogle ? withoutStandIns(env) : env;
  return { given, sandboxed: wantsSandbox(given, options) };
};

/** Documents come from an emulator of Firestore: the one that is named, or one that ends with Relais. */
const withDocuments = async (env: Environment, port: number, closers: Closers): Promise<Environment> => {
  const collections = { RELAIS_DOCUMENTS: "mail", USERS_COLLECTION: "users", TEMPLATES_COLLECTION: "templates" };
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => (value ?? "") !== ""));
  const named =
    given.MAIL_COLLECTION === undefined ? collections : { ...collections, RELAIS_DOCUMENTS: given.MAIL_COLLECTION };
  if (given.FIRESTORE_EMULATOR_HOST !== undefined) return { ...named, ...given };
  const program = findFirestoreEmulator();
  if (program === null) throw new StartRefused(NO_EMULATOR);
  process.stdout.write("Starting the emulator of Firestore …\n");
  const { host, child } = await startFirestoreEmulator({
    program,
    port: await freePort(),
    functions: `127.0.0.1:${port}`,
  });
  process.once("exit", () => stopEmulator(child));
  closers.push(() => stopEmulator(child));
  return { ...named, ...given, FIRESTORE_EMULATOR_HOST: host };
};

const NO_EMULATOR =
  "Documents need the emulator of Firestore. Install the Google Cloud CLI (cloud.google.com/sdk/docs/install), Java 21 or later, and the emulator: gcloud components install cloud-firestore-emulator. Or name an emulator that runs: FIRESTORE_EMULATOR_HOST=127.0.0.1:8085 npm run start:documents";

/** With the sandbox, one of its accounts is an operator unless the environment names others. */
const withSandbox = (env: Environment, sandbox: LocalSandbox): Environment => ({
  RELAIS_OPERATORS: sandbox.operator,
  ...Object.fromEntries(Object.entries(env).filter(([, value]) => (value ?? "") !== "")),
  ...sandbox.environment,
});

const configure = async ({ given, sandboxed }: StartPlan, closers: Closers): Promise<Configured> => {
  const laptop = { laptop: true, ...(listsDomains(given) && { isPublicSuffix: await loadPublicSuffixes() }) };
  const first = loadConfig(given, { standIns: sandboxed, ...laptop });
  if (first.store !== "embedded")
    throw new StartRefused(
      "npm start only works with RELAIS_STORE=embedded. Unset RELAIS_STORE, or deploy Relais to use the Google store.",
    );
  const unlock = lockDataDir(first.dataDir);
  if (unlock === null)
    throw new StartRefused(
      `${first.dataDir} is in use by another Relais. Stop it, or set RELAIS_DATA_DIR to another folder.`,
    );
  closers.push(unlock);
  const sandbox = sandboxed ? await startSandbox(first.dataDir, first.publicUrl) : null;
  if (sandbox !== null) closers.push(() => sandbox.close());
  const config = sandbox === null ? first : loadConfig(withSandbox(given, sandbox), laptop);
  const madeToken = config.setupToken === null ? await ensureSetupToken(systemRandom, config.dataDir) : null;
  return { config: { ...config, setupToken: config.setupToken ?? madeToken }, madeToken, sandbox };
};

interface StartContext {
  readonly closers: Closers;
  /** Aborts when Relais must stop. */
  readonly ending: AbortSignal;
}

const start = async (args: readonly string[], env: Environment, { closers, ending }: StartContext): Promise<void> => {
  const options = startOptions(args);
  const port = loadPort(planStart(env, options));
  let listener: RequestListener = answerStarting;
  // The port comes first: if another Relais has it, nothing else is touched.
  const listening = await listen(port, (req, res) => listener(req, res));
  const documented = options.documents ? await withDocuments(env, port, closers) : env;
  const { config, madeToken, sandbox } = await configure(planStart(documented, options), closers);
  const build = sourceBuild(ROOT, config.commit);
  const smtp = await openLocalDoor(config, build);
  const stack = await openStack(config, { build, smtpDoor: smtp.state === "open" ? smtp.address : null, sandbox });
  closers.push(
    () => stack.close(),
    // All at once, because a supervisor that waits ten seconds kills afterwards. Mails that come by SMTP go on by HTTP.
    async () => void (await Promise.all([stack.stop(), closeDoor(smtp).then(() => listening.close(HTTP_GRACE_MS))])),
  );
  if (ending.aborted) return;
  listener = stack.listener;
  if (options.useRealGoogle) await saveCredentials(config, options.realGoogle);
  // The token is shown on purpose, only here: whoever starts Relais becomes its first operator with it.
  process.stdout.write(`${banner({ build, config, smtp, madeSetupToken: madeToken?.reveal() ?? null, sandbox })}\n`);
  if (!ending.aborted) stack.start();
};

const closeDoor = async (smtp: LocalDoor): Promise<void> => {
  if (smtp.state === "open") await smtp.door.close(SMTP_GRACE_MS);
};

/** Only the port, before the rest is validated; `loadConfig` reports a wrong one. */
const loadPort = ({ given, sandboxed }: StartPlan): number => {
  const port = Number(given.PORT || 8080);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  return loadConfig(given, { standIns: sandboxed, laptop: true }).port;
};

const messageOf = (error: unknown): string | null => {
  if (error instanceof PortTaken)
    return `Port ${error.port} is taken by another program. Stop that program, or choose another port: PORT=8081 npm start`;
  if (error instanceof ConfigError || error instanceof StartRefused) return error.message;
  return null;
};

const closers: Closers = [];
const ending = new AbortController();

const tryToStart = async (): Promise<void> => {
  try {
    await start(process.argv.slice(2), process.env, { closers, ending: ending.signal });
  } catch (error) {
    const message = messageOf(error);
    process.stderr.write(`${message ?? (error instanceof Error ? error.stack : String(error))}\n`);
    process.exit(1);
  }
};

/** Waits for a start in progress: ending it halfway would leave parts behind that nobody closes. */
const end = async (): Promise<void> => {
  ending.abort();
  await starting;
  await endAll(closers);
  process.exit(0);
};

endOnSignals(() => void end());

const starting = tryToStart();
await starting;
