import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEPLOYED_TO } from "../../functions/runtime/config.ts";
import { FUNCTIONS, type FunctionName, HTTP_FUNCTIONS } from "../../functions/runtime/functions.ts";
import { type Hosting, hostingEdge } from "../../functions/runtime/local/edge.ts";
import { freePort } from "../../functions/runtime/local/free-port.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../google-sandbox/sandbox.ts";
import { answersHealth } from "./answers-health.ts";
import { noteSecret, suiteEnvironment } from "./canary.ts";
import { useEmulators } from "./emulators.ts";
import { eventually } from "./eventually.ts";
import { makeGoogleProject, PUSHED, type Pushed } from "./google-project.ts";
import { memoryLimitMib } from "./memory-limit.ts";
import { programPath } from "./program-path.ts";
import { startSecretManagerStandIn } from "./secret-manager-stand-in.ts";

const repository = join(import.meta.dirname, "../..");

/**
 * Hosting ends a request after a minute. Here, three posts of 24 MB share one machine with everything else, and their
 * speed is not what is tested.
 */
const LIMIT_MS = 300_000;

/** Every function must run under an installation's prefix and on its database, with nothing left to the defaults. */
const PREFIX = "stack";

const PUSHED_NAMES = Object.keys(PUSHED) as Pushed[];

/** A push from Pub/Sub and the function's answer; null while there is none. */
export interface Push {
  readonly to: Pushed;
  readonly messageId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly status: number | null;
}

/**
 * Relais as deployed, on one machine: eight processes, Google's emulators, a stand-in for Secret Manager, and the
 * sandbox.
 */
export interface DeployedStack {
  readonly sandbox: GoogleSandbox;
  readonly relais: {
    readonly origin: string;
    readonly setupToken: string;
    request(path: string, init?: RequestInit): Promise<Response>;
    operate(
      method: string,
      path: string,
      body?: unknown,
      headers?: Readonly<Record<string, string>>,
    ): Promise<Response>;
  };
  readonly projectId: string;
  /** The names of all secrets, without their project's. */
  secrets(): readonly string[];
  /** The folder of the bundles, and the environment of the functions. */
  readonly dist: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly pushes: readonly Push[];
  /** Acknowledges the next push to this function in its place, so that it never arrives. */
  loseNextPush(to: Pushed): void;
  /** Publishes as a program with the publisher's role, and returns Pub/Sub's message id. */
  publish(topic: string, data: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  /** Returns and removes the events on `mail-events`. */
  takeEvents(): Promise<readonly { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[]>;
  /** The function itself, without Hosting. */
  originOf(name: FunctionName): string;
  /** Whether the function's process still runs. */
  runs(name: FunctionName): boolean;
  /** The largest resident memory so far, in bytes (VmHWM). */
  peakBytes(name: FunctionName): number;
  /** Lines of severity WARNING and ERROR that the functions have written so far. */
  faults(): readonly string[];
  stop(): Promise<void>;
}

/** The part of the environment that `infra/` gives to this function, which must not need any other. */
const environmentOf = (name: string, environment: Readonly<Record<string, string>>): Record<string, string> => {
  const given = Object.entries(environment).filter(([variable]) => {
    const to = Object.entries(DEPLOYED_TO).find(([known]) => known === variable)?.[1];
    return to === undefined || typeof to === "string" || to.some((one) => one === name);
  });
  return Object.fromEntries(given);
};

export interface Running {
  readonly port: number;
  readonly child: ChildProcess;
  readonly output: () => string;
}

interface Programs {
  /** The folder of the bundles. */
  readonly dist: string;
  /** The framework as the suite has bundled it, by default. */
  readonly framework?: string | undefined;
}

/** The framework as installed, in many files, for the tests in which it counts. */
export const INSTALLED_FRAMEWORK = join(repository, "node_modules/.bin/functions-framework");

/** Runs `dist/<function>` as the platform does, with only its own part of the configuration. */
export const runFunction = async (
  name: string,
  { dist, framework = programPath("functions-framework") }: Programs,
  environment: Readonly<Record<string, string>>,
): Promise<Running> => {
  const port = await freePort();
  // The limit that Node would choose itself on a machine with that much memory.
  const heap = `--max-old-space-size=${memoryLimitMib(name) / 2}`;
  const args = [heap, framework, `--source=${join(dist, name)}`, `--target=${name}`, `--port=${port}`];
  const env = { PATH: process.env.PATH, ...suiteEnvironment(), ...environmentOf(name, environment), K_SERVICE: name };
  const child = spawn(process.execPath, args, { cwd: dist, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  await eventually(`${name} answers /health`, async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${output}`);
    return answersHealth(port);
  });
  return { port, child, output: () => output };
};

/** Forwards a request on a new connection: the other end might be closing a kept one at this very moment. */
const forwardTo = (port: number) => (incoming: IncomingMessage, response: ServerResponse) => {
  const { method, url: path, headers } = incoming;
  const outgoing = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  incoming.pipe(outgoing);
};

/** Also uses a new connection; returns the status. */
const push = (port: number, body: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const outgoing = request({ host: "127.0.0.1", port, method: "POST", headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 502);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });

const listening = async (handler: (req: IncomingMessage, res: ServerResponse) => void, port = 0) => {
  // Longer than any pause of a test: a connection that closes during a write says nothing about Relais.
  const server = createServer({ keepAliveTimeout: 300_000 }, handler).listen(port, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { port: (server.address() as AddressInfo).port, close };
};

/** Stands between Pub/Sub and the functions, and records every push and its answer. */
const pushGate = async (ports: () => Readonly<Record<Pushed, number>>) => {
  const pushes: Push[] = [];
  const losing = new Set<Pushed>();
  const gate = await listening(async (incoming, response) => {
    const to = incoming.url?.slice(1) as Pushed;
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const body = Buffer.concat(parts);
    const { message } = JSON.parse(body.toString());
    const at =
      pushes.push({ to, messageId: message.messageId, attributes: message.attributes ?? {}, status: null }) - 1;
    const status = losing.delete(to) ? 204 : await push(ports()[to], body).catch(() => 502);
    pushes[at] = { ...(pushes[at] as Push), status };
    response.writeHead(status).end();
  });
  return { ...gate, pushes, losing };
};

interface Bundles {
  readonly dist: string;
  remove(): void;
}

/** The bundles of all functions: those that `npm test` made for the whole suite, or new ones. */
export const useBundles = (): Bundles => {
  const { RELAIS_TEST_DIST: shared } = process.env;
  if (shared) return { dist: shared, remove: () => undefined };
  const dist = mkdtempSync(join(tmpdir(), "relais-deployed-"));
  const args = [join(repository, "infra/build/build.ts"), "--out", dist, ...Object.keys(FUNCTIONS)];
  const built = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (built.status !== 0) throw new Error(built.stderr);
  return { dist, remove: () => rmSync(dist, { recursive: true, force: true }) };
};

export const startDeployedStack = async (
  environment: Readonly<Record<string, string>> = {},
  framework?: string,
): Promise<DeployedStack> => {
  const { dist, remove } = useBundles();
  const closers: (() => unknown)[] = [remove];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    const edgePort = await freePort();
    const origin = `http://localhost:${edgePort}`;
    const [emulators, sandbox, standIn] = await Promise.all([
      useEmulators(),
      startGoogleSandbox({ redirectUris: [`${origin}/google_gmail/confirm`] }),
      startSecretManagerStandIn(),
    ]);
    closers.push(emulators.stop, sandbox.close, standIn.close);

    const project = await makeGoogleProject({ ...emulators, secretManagerHost: standIn.host }, { prefix: PREFIX });
    const { projectId, pubsub: ask } = project;
    // A busy machine's emulator may take longer for its first answer than a request waits.
    await fetch(
      `http://${emulators.unwatchedFirestoreHost}/v1/projects/${projectId}/databases/relais-${PREFIX}/documents/settings/settings`,
    );
    await ask("PUT", "subscriptions/events", { topic: `projects/${projectId}/topics/${project.named("mail-events")}` });

    const setupToken = `setup-${randomBytes(24).toString("base64url")}`;
    noteSecret("setup token", setupToken);
    const variables = {
      ...project.variables,
      RELAIS_PUBLIC_URL: origin,
      RELAIS_SETUP_TOKEN: setupToken,
      RELAIS_OPERATORS: sandbox.operatorEmail,
      RELAIS_DOCUMENTS: "mail",
      ...sandbox.environment,
      ...environment,
    };
    const names: readonly FunctionName[] = Object.keys(FUNCTIONS) as FunctionName[];
    const running = new Map<string, Running>();
    const started = names.map(async (name) =>
      running.set(name, await runFunction(name, { dist, framework }, variables)),
    );
    closers.push(async () => {
      await Promise.allSettled(started);
      await Promise.all([...running.values()].map(({ child }) => end(child)));
    });
    await Promise.all(started);
    const of = (name: string): Running => {
      const one = running.get(name);
      if (one === undefined) throw new Error(`${name} does not run`);
      return one;
    };

    const gate = await pushGate(() => ({
      "deliver-mail": of("deliver-mail").port,
      "refresh-tokens": of("refresh-tokens").port,
      "dispatch-due": of("dispatch-due").port,
    }));
    closers.push(gate.close);
    for (const name of PUSHED_NAMES) await project.subscribe(name, `http://127.0.0.1:${gate.port}/${name}`);

    const hosting: Hosting = JSON.parse(readFileSync(join(repository, "firebase.json"), "utf8")).hosting;
    const functions = Object.fromEntries(HTTP_FUNCTIONS.map((name) => [name, forwardTo(of(name).port)]));
    const edge = await listening(
      hostingEdge({ hosting, cwd: repository, functions, limitMs: LIMIT_MS, publicUrl: origin }),
      edgePort,
    );
    closers.push(edge.close);

    const reach = async (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`${origin}${path}`, { redirect: "manual", ...init });
    return {
      sandbox,
      projectId,
      secrets: () => standIn.secrets(),
      dist,
      variables,
      relais: {
        origin,
        setupToken,
        request: reach,
        operate: (method, path, body, headers = {}) =>
          reach(path, {
            method,
            headers: {
              Authorization: `Bearer ${setupToken}`,
              ...(body === undefined ? {} : { "Content-Type": "application/json" }),
              ...headers,
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          }),
      },
      pushes: gate.pushes,
      loseNextPush: (to) => void gate.losing.add(to),
      publish: async (topic, data, attributes = {}) => {
        const messages = [{ data: Buffer.from(data).toString("base64"), attributes }];
        const { messageIds } = (await ask("POST", `topics/${project.named(topic)}:publish`, { messages })) as {
          messageIds: string[];
        };
        return messageIds[0] ?? "";
      },
      takeEvents: async () => {
        const answer = await ask("POST", "subscriptions/events:pull", { maxMessages: 100, returnImmediately: true });
        const { receivedMessages = [] } = answer as {
          receivedMessages?: { ackId: string; message: { data: string } }[];
        };
        if (receivedMessages.length > 0)
          await ask("POST", "subscriptions/events:acknowledge", { ackIds: receivedMessages.map(({ ackId }) => ackId) });
        return receivedMessages.map(({ message }) => JSON.parse(Buffer.from(message.data, "base64").toString()));
      },
      originOf: (name) => `http://127.0.0.1:${of(name).port}`,
      runs: (name) => of(name).child.exitCode === null && of(name).child.signalCode === null,
      peakBytes: (name) => {
        const status = readFileSync(`/proc/${of(name).child.pid}/status`, "utf8");
        return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
      },
      faults: () =>
        [...running].flatMap(([name, { output }]) =>
          output()
            .split("\n")
            .filter((line) => line !== "" && !/"severity":"(INFO|DEBUG)"/.test(line))
            .map((line) => `${name}: ${line}`),
        ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

export const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
};
