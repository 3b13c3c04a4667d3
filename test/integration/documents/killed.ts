import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { registerTrigger } from "../../../functions/runtime/local/firestore-emulator.ts";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { answersHealth } from "../../builders/answers-health.ts";
import { suiteEnvironment } from "../../builders/canary.ts";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { PARAMETERS, SENDER } from "../../builders/document-stack.ts";
import { testProject, useEmulators } from "../../builders/emulators.ts";
import { eventually } from "../../builders/eventually.ts";
import { FirestoreDocuments, type PlainFields } from "../../builders/firestore-documents.ts";
import { programPath } from "../../builders/program-path.ts";
import { receiveEvent, sendEvent } from "../../builders/trigger-relay.ts";

const WORKER = programPath("document-function");

export interface KilledRun {
  readonly documents: number;
  readonly kills: number;
  /** Events of the trigger, each of which is sent at least twice. */
  readonly events: number;
  readonly calls: number;
  readonly mails: number;
  /** Documents by their state at the end. */
  readonly states: Readonly<Record<string, number>>;
  /** Documents of which Gmail has more than one mail, or none. */
  readonly wrong: readonly string[];
}

/** The function in a process that is killed and started again until `stop`. */
const mortal = (port: number, environment: Readonly<Record<string, string>>, random: () => number) => {
  let child: ChildProcess | undefined;
  let kills = 0;
  let alive = true;
  const start = (): void => {
    const env = { PATH: process.env.PATH, ...suiteEnvironment(), ...environment, PORT: String(port) };
    child = spawn(process.execPath, [WORKER], { env, stdio: ["ignore", "ignore", "inherit"] });
  };
  const kill = async (): Promise<void> => {
    const ended = child === undefined || child.exitCode !== null ? undefined : once(child, "exit");
    child?.kill("SIGKILL");
    await ended;
  };
  const live = async (): Promise<void> => {
    while (alive) {
      start();
      await eventually("the function is up", () => answersHealth(port));
      // A moment of its work, whatever it is doing then.
      await delay(random() * 600);
      if (!alive) return;
      await kill();
      kills += 1;
    }
  };
  return {
    live,
    kills: () => kills,
    /** Lets it live from now on. */
    spare: () => {
      alive = false;
    },
    stop: kill,
  };
};

/** Sends each event twice, in no order, and again until it is acknowledged. */
const confusingRelay = async (target: number, random: () => number) => {
  let [events, calls, open] = [0, 0, true];
  const server = createServer(async (incoming, response) => {
    const event = await receiveEvent(incoming);
    events += 1;
    response.writeHead(200).end();
    const deliver = async (): Promise<void> => {
      await delay(random() * 500);
      for (let pause = 50; open; pause = Math.min(pause * 2, 500)) {
        const status = await sendEvent(target, event);
        if (status > 0) calls += 1;
        if (status >= 200 && status < 300) return;
        await delay(pause * random());
      }
    };
    void deliver();
    void deliver();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    counts: () => ({ events, calls }),
    close: () => {
      open = false;
      server.closeAllConnections();
      server.close();
    },
  };
};

const stateOf = (fields: PlainFields | undefined): string => {
  const { state } = Object(fields?.delivery) as { state?: unknown };
  return String(state);
};

/** Writes documents while the function that takes them is killed at random, and counts what becomes of them. */
export const runKilled = async (count: number, random: () => number): Promise<KilledRun> => {
  const emulators = await useEmulators();
  const host = emulators.unwatchedFirestoreHost;
  const projectId = testProject();
  const port = await freePort();
  const variables = { FIRESTORE_EMULATOR_HOST: host, GOOGLE_CLOUD_PROJECT: projectId, RELAIS_TIME_SCALE: "60" };
  let stack: Stack | undefined;
  const relay = await confusingRelay(port, random);
  let mortalFunction: ReturnType<typeof mortal> | undefined;
  try {
    stack = await startStack(variables, { accounts: [SENDER] });
    await connectedServer(stack, { username: SENDER.email, limits: { perMinute: 1000, perDay: 2000 } });
    const environment = {
      ...PARAMETERS,
      ...variables,
      ...stack.sandbox.environment,
      RELAIS_DATA_DIR: stack.relais.dataDir,
    };
    mortalFunction = mortal(port, environment, random);
    const dying = mortalFunction.live();
    const trigger = { projectId, trigger: `killed-${relay.port}`, database: "(default)", collection: "mail" };
    await registerTrigger(host, trigger);
    const documents = new FirestoreDocuments(host, projectId);
    const ids = Array.from({ length: count }, (_, n) => `d${n}`);
    for (const id of ids) {
      await documents.set(`mail/${id}`, { to: "client@example.org", message: { subject: id, text: "x" } });
      await delay(random() * 300);
    }
    const unfinished = new Set(ids);
    const look = async (): Promise<boolean> => {
      for (const id of unfinished)
        if (["SUCCESS", "ERROR"].includes(stateOf(await documents.get(`mail/${id}`)))) unfinished.delete(id);
      return unfinished.size === 0;
    };
    const { kills, spare } = mortalFunction;
    await eventually(
      "half of the documents at their end",
      async () => (await look()) || unfinished.size < count / 2,
      600_000,
    );
    spare();
    await dying;
    await eventually("all documents at their end", look, 600_000);
    // Whatever is still on its way must change nothing.
    await delay(1_500);
    const states: Record<string, number> = {};
    for (const id of ids) {
      const state = stateOf(await documents.get(`mail/${id}`));
      states[state] = (states[state] ?? 0) + 1;
    }
    const subjects = stack.sandbox.control.mails().map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw.toString())?.[1]);
    const wrong = ids.filter((id) => subjects.filter((subject) => subject === id).length !== 1);
    return { documents: count, kills: kills(), ...relay.counts(), mails: subjects.length, states, wrong };
  } finally {
    relay.close();
    await mortalFunction?.stop();
    await stack?.stop();
    await emulators.stop();
  }
};
