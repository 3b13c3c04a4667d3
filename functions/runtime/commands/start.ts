import type { RequestListener } from "node:http";
import { loadPublicSuffixes } from "../../domain/access/shared-domain.ts";
import { SECOND } from "../../domain/clock.ts";
import type { Secret } from "../../domain/secret.ts";
import { type Config, ConfigError, type Environment, listsDomains, loadConfig } from "../config.ts";
import { ENDING_SIGNALS, onEndingSignal } from "../ending-signals.ts";
import { banner } from "../local/banner.ts";
import { saveCredentials } from "../local/credentials-file.ts";
import { listen, PortTaken } from "../local/listen.ts";
import { lockDataDir } from "../local/lock.ts";
import { type StartOptions, StartRefused, startOptions, wantsSandbox, withoutStandIns } from "../local/options.ts";
import { replyTo } from "../local/refusals.ts";
import { type LocalSandbox, startSandbox } from "../local/sandbox.ts";
import { keptSetupToken } from "../local/setup-token.ts";
import { openStack } from "../local/stack.ts";
import { systemRandom } from "../randomness.ts";

// `npm start`: all functions behind one origin, with the embedded store and, unless told otherwise, the local Google sandbox.

/** How long requests under way may take when told to stop. */
const GRACE_MS = 8 * SECOND;

/** What has been started, to be ended in the opposite order. */
type Closers = (() => void | Promise<void>)[];

const endAll = async (closers: Closers): Promise<void> => {
  for (const close of closers.toReversed()) await close();
  closers.length = 0;
};

const STARTING: RequestListener = (req, res) =>
  replyTo(req, res, { kind: "problem", problem: { code: "unavailable", retryAfterS: 1 } });

interface Started {
  readonly config: Config;
  readonly madeToken: Secret | null;
  readonly sandbox: LocalSandbox | null;
}

interface Wanted {
  readonly given: Environment;
  /** No variable says whom to talk to: the sandbox will. */
  readonly sandboxed: boolean;
}

const wantedBy = (env: Environment, options: StartOptions): Wanted => {
  const given = options.useRealGoogle ? withoutStandIns(env) : env;
  return { given, sandboxed: wantsSandbox(given, options) };
};

/** With the sandbox, one of its accounts is an operator unless the environment names others. */
const withSandbox = (env: Environment, sandbox: LocalSandbox): Environment => ({
  RELAIS_OPERATORS: sandbox.operator,
  ...Object.fromEntries(Object.entries(env).filter(([, value]) => (value ?? "") !== "")),
  ...sandbox.environment,
});

const configure = async ({ given, sandboxed }: Wanted, closers: Closers): Promise<Started> => {
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
  const madeToken = config.setupToken === null ? await keptSetupToken(systemRandom, config.dataDir) : null;
  return { config: { ...config, setupToken: config.setupToken ?? madeToken }, madeToken, sandbox };
};

interface Course {
  readonly closers: Closers;
  /** Aborts when Relais is told to end. */
  readonly ending: AbortSignal;
}

const start = async (args: readonly string[], env: Environment, { closers, ending }: Course): Promise<void> => {
  const options = startOptions(args);
  const wanted = wantedBy(env, options);
  const port = loadPort(wanted);
  let listener: RequestListener = STARTING;
  // The port first: nothing else is touched when another Relais has it.
  const listening = await listen(port, (req, res) => listener(req, res));
  const { config, madeToken, sandbox } = await configure(wanted, closers);
  const stack = await openStack(config);
  closers.push(
    () => stack.close(),
    // Both at once: a supervisor that waits for ten seconds kills after them.
    async () => void (await Promise.all([stack.stop(), listening.close(GRACE_MS)])),
  );
  if (ending.aborted) return;
  listener = stack.listener;
  if (options.useRealGoogle) await saveCredentials(config, options.realGoogle);
  // Shown on purpose, here alone: whoever starts Relais becomes its first operator by it.
  process.stdout.write(`${banner({ config, madeSetupToken: madeToken?.reveal() ?? null, sandbox })}\n`);
  if (!ending.aborted) stack.start();
};

/** The port alone, before the rest is judged; a wrong one is told by `loadConfig`. */
const loadPort = ({ given, sandboxed }: Wanted): number => {
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

/** Waits for a start that is under way: ending it halfway would leave parts behind that nobody ends. */
const end = async (): Promise<void> => {
  ending.abort();
  await started;
  await endAll(closers);
  process.exit(0);
};

const onSignal = onEndingSignal({
  nowMs: () => performance.now(),
  inOrder: () => void end(),
  atOnce: (status) => process.exit(status),
});
for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
// Ctrl-C ends the reader of a pipe (`npm start | tee log`) before us: a log that nobody reads must not cut off mails under way.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const started = tryToStart();
await started;
