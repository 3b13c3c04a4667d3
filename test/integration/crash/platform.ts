import type { System } from "../../../functions/runtime/system.ts";
import type { Worker } from "./worker.ts";

/** Looked up at every push, so that one process may replace another. */
export interface Workers {
  readonly deliver: Worker;
  readonly dispatch: Worker;
}

/** How events reach the functions: each twice, at once. True means that both copies were acknowledged. */
export interface Events {
  /** Delivers the event of a message that has just been accepted to a worker. */
  first(worker: Worker, id: string): Promise<boolean>;
  /** Publishes the id of a message once more, for this worker. */
  again(worker: Worker, id: string): Promise<boolean>;
  tick(worker: Worker): Promise<boolean>;
  /** Sends everything published, now or before, to these, wherever it would have gone. */
  flow(workers: Workers): Promise<void>;
  /** From now on nothing comes by itself. */
  stop(): void;
  /** What was delivered lately, for a person who looks into a fault. */
  readonly lately: string;
}

/** A store with the services that bring its events: what the functions of a world share. */
export interface Platform {
  readonly system: System;
  /** What the functions need to find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its services by port, as `kill-points.ts` names them. */
  readonly ports: Readonly<Record<string, string>>;
  /** Firestore's emulator itself, for a test that reads everything in it; null on the embedded store. */
  readonly unwatchedHost: string | null;
  readonly events: Events;
  close(): Promise<void>;
}

/** A minute takes a tenth of a second. */
export const TIME_SCALE = "600";
