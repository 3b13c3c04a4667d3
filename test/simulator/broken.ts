/** The promises of Relais that a simulated world watches over. */
export type Promised =
  | "nothing lost"
  | "nothing twice"
  | "marked before it goes out"
  | "no limit exceeded"
  | "no label green over a dead grant"
  | "no secret orphaned"
  | "no pointer dangles"
  | "every death foretold"
  | "no message stuck"
  | "nothing untold"
  | "counted as it was"
  | "what is unknown is left alone"
  | "no defect";

/** A promise that was not kept. */
export class Broken extends Error {
  override readonly name = "Broken";
  readonly promised: Promised;
  readonly atMs: number;

  constructor(promised: Promised, how: string, atMs: number) {
    super(`${promised}: ${how}`);
    this.promised = promised;
    this.atMs = atMs;
  }
}

/** Says that a promise is broken, which ends the run. */
export type Accuse = (promised: Promised, how: string) => void;
