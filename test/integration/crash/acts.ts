import type { Fact } from "./model.ts";
import type { FunctionName } from "./world.ts";

/** A write that is final. */
const DURABLE = /, (after|answered)$/;
const MARK = /messages:sending\.data/;
const SETTLE = /messages:sent/;

const found = (points: readonly string[], wanted: (point: string, at: number) => boolean): string => {
  const point = points.find(wanted);
  if (point === undefined) throw new Error(`no such point among ${points.join("; ")}`);
  return point;
};

/** Finds the points of a send at which a death leaves what the other acts begin with. */
export const claimed = (points: readonly string[]): string =>
  found(points, (point) => point.includes("messages:sending.claimed") && DURABLE.test(point));
export const marked = (points: readonly string[]): string =>
  found(points, (point) => MARK.test(point) && DURABLE.test(point));
/** Gmail has accepted the message, and nobody has recorded it. */
export const taken = (points: readonly string[]): string =>
  found(points, (point) => SETTLE.test(point) && point.endsWith(", before"));

/**
 * The decisive points, each at its first place in the list: the claim, the mark, the end of the message, the outcome.
 */
export const decisive = (points: readonly string[]): readonly string[] => {
  const first = (wanted: RegExp): string => found(points, (point) => wanted.test(point));
  return [
    claimed(points),
    first(/messages:sending\.data.*, before$/),
    // The embedded store is not asked by requests that could be under way.
    ...points.filter((point) => /messages:sending\.data.*, under way$/.test(point)).slice(0, 1),
    marked(points),
    first(/^smtp end of message, answered$/),
    found(points, (point) => SETTLE.test(point) && DURABLE.test(point)),
  ];
};

/**
 * The decisive points of a mail that goes out whole, envelope and all, in one flight. Others may come or not, such as a
 * NOOP if the machine is slow.
 */
export const ofFlight = (points: readonly string[]): readonly string[] => {
  if (points.some((point) => /^smtp (?!end|NOOP)/.test(point)))
    throw new Error(`no single flight: ${points.join("; ")}`);
  return [...decisive(points), ...["before", "after"].map((side) => `smtp end of message, ${side}`)];
};

/** Whether it was done when the process died at `point`. */
const doneAt = (points: readonly string[], point: string, { what, done }: { what: RegExp; done: RegExp }): Fact => {
  const at = points.indexOf(point);
  const begun = points.findIndex((name) => what.test(name) && !name.endsWith(", before"));
  const ended = points.findIndex((name) => what.test(name) && done.test(name));
  if (begun === -1 || at < begun) return false;
  return ended !== -1 && at >= ended ? true : "perhaps";
};

/** The mark is written while the server answers the envelope, so either may come first. */
const BESIDE_THE_MARK = /^smtp MAIL RCPT.*, answered$/;

export const markedAt = (points: readonly string[], point: string): Fact =>
  BESIDE_THE_MARK.test(point) ? "perhaps" : doneAt(points, point, { what: MARK, done: DURABLE });
export const settledAt = (points: readonly string[], point: string): Fact =>
  doneAt(points, point, { what: SETTLE, done: DURABLE });
/** That the last bytes were handed to the socket does not mean that they went out. */
export const takenAt = (points: readonly string[], point: string): Fact =>
  doneAt(points, point, { what: /^smtp end of message|^google POST send/, done: /, answered$/ });

/** Something that a function does with a message, during which it is killed. */
export interface Act {
  readonly name: string;
  readonly by: FunctionName;
  /** Where the delivery before it was killed; undefined if this act is the delivery. */
  readonly after?: (points: readonly string[]) => string;
  /** The message is `unknown`, not in the state that the killed delivery left. */
  readonly inDoubt?: boolean;
  /** Whether it is marked when the act begins. */
  readonly marked: boolean;
  readonly taken: boolean;
}

export const SEND: Act = { name: "send", by: "deliver-mail", marked: false, taken: false };

/** What else happens to messages whose delivery was killed. */
export const AFTERMATH: readonly Act[] = [
  { name: "take back an unmarked lease", by: "dispatch-due", after: claimed, marked: false, taken: false },
  { name: "doubt a marked lease, taken by Gmail", by: "dispatch-due", after: taken, marked: true, taken: true },
  { name: "doubt a marked lease, not sent", by: "dispatch-due", after: marked, marked: true, taken: false },
  { name: "ask for a look", by: "dispatch-due", after: taken, inDoubt: true, marked: true, taken: true },
  { name: "look, and find it", by: "deliver-mail", after: taken, inDoubt: true, marked: true, taken: true },
  { name: "look in vain", by: "deliver-mail", after: marked, inDoubt: true, marked: true, taken: false },
];

/** Without the right to search, nobody asks for a search. */
export const AFTERMATH_WITHOUT_SEARCH: readonly Act[] = AFTERMATH.filter(({ inDoubt }) => inDoubt !== true);
