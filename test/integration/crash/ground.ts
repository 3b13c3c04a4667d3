import type { System } from "../../../functions/runtime/system.ts";
import type { Worker } from "./worker.ts";

/** Read anew for every push, so that one may take another's place meanwhile. */
export interface Workers {
  readonly deliver: Worker;
  readonly dispatch: Worker;
}

/** How events come to the functions: each twice, at once. An answer of true: both copies were acknowledged. */
export interface Events {
  /** Hands a worker the event of a message that was accepted just now. */
  first(worker: Worker, id: string): Promise<boolean>;
  /** Publishes the id of a message once more, for this worker. */
  again(worker: Worker, id: string): Promise<boolean>;
  tick(worker: Worker): Promise<boolean>;
  /** Whatever was or is being published goes to these, wherever it was to go before. */
  flow(workers: Workers): Promise<void>;
  /** From now on nothing comes by itself. */
  stop(): void;
}

/** A store with what brings its events: what the functions of a world have between them. */
export interface Ground {
  readonly system: System;
  /** What the functions are given to find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its services by port, as `kill-points.ts` names them. */
  readonly ports: Readonly<Record<string, string>>;
  /** Firestore's emulator itself, for a test that goes through all that lies in it; null on the embedded store. */
  readonly unwatchedHost: string | null;
  readonly events: Events;
  close(): Promise<void>;
}

/** A minute takes a tenth of a second. */
export const TIME_SCALE = "600";
