import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { useEmulators } from "../../builders/emulators.ts";
import { makeGoogleProject } from "../../builders/google-project.ts";
import { startSecretManagerStandIn } from "../../builders/secret-manager-stand-in.ts";
import type { GoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { DoublingGate } from "./doubling-gate.ts";
import { type Events, type Platform, TIME_SCALE, type Workers } from "./platform.ts";
import type { Worker } from "./worker.ts";

/** Pub/Sub's push subscriptions, through the gate that doubles them. */
class PushEvents implements Events {
  readonly #gate: DoublingGate;
  readonly #publisher: System["publisher"];

  constructor(gate: DoublingGate, publisher: System["publisher"]) {
    this.#gate = gate;
    this.#publisher = publisher;
  }

  first(worker: Worker, id: string): Promise<boolean> {
    return this.#gate.lead(id, worker);
  }

  async again(worker: Worker, id: string): Promise<boolean> {
    const answered = this.#gate.lead(id, worker);
    await this.#publisher.publish("mail-send", { data: { id }, attributes: { relais: "deliver" } });
    return answered;
  }

  async tick(worker: Worker): Promise<boolean> {
    const answered = this.#gate.lead("tick", worker);
    await this.#publisher.publish("mail-dispatch", { data: { tick: true }, attributes: { relais: "tick" } });
    return answered;
  }

  async flow(workers: Workers): Promise<void> {
    this.#gate.openTo(workers);
  }

  stop(): void {
    this.#gate.openTo(undefined);
  }

  get lately(): string {
    return this.#gate.lately;
  }
}

const portOf = (host: string): string => host.split(":")[1] ?? "";

/** Firestore, Pub/Sub and Secret Manager, as Google's emulators and a stand-in offer them, in a project of its own. */
export const googlePlatform = (sandbox: GoogleSandbox): Promise<Platform> => googlePlatformAt(sandbox, TIME_SCALE);

/** The same, with another pace of time. */
export const googlePlatformAt = async (sandbox: GoogleSandbox, timeScale: string): Promise<Platform> => {
  const [emulators, standIn, gate] = await Promise.all([
    useEmulators(),
    startSecretManagerStandIn(),
    DoublingGate.open(),
  ]);
  const close = async (): Promise<void> => {
    await gate.close();
    await standIn.close();
    await emulators.stop();
  };
  try {
    const project = await makeGoogleProject({ ...emulators, secretManagerHost: standIn.host });
    for (const name of ["deliver-mail", "dispatch-due"] as const) await project.subscribe(name, gate.endpointOf(name));
    const environment = {
      ...sandbox.environment,
      ...project.variables,
      RELAIS_PUBLIC_URL: "http://localhost",
      RELAIS_SETUP_TOKEN: "setup-token-of-the-crash-suite",
      RELAIS_TIME_SCALE: timeScale,
    };
    const system = compose(loadConfig(environment), { component: "crash", write: () => undefined });
    return {
      system,
      environment,
      ports: {
        [portOf(emulators.firestoreHost)]: "firestore",
        [portOf(emulators.pubsubHost)]: "pubsub",
        [portOf(standIn.host)]: "secrets",
      },
      unwatchedHost: emulators.unwatchedFirestoreHost,
      events: new PushEvents(gate, system.publisher),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
