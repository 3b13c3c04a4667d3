import type { MessageReceipt } from "./api-types.ts";
import { type DryRun, messageJson, type NewMessage } from "./new-message.ts";
import { isProblemBody, type ProblemBody, RelaisError, RelaisProblem } from "./relais-error.ts";
import { type Pace, pauseMs } from "./repetition.ts";
import type { Requests } from "./requests.ts";

export type BatchItem = NewMessage & { readonly idempotencyKey?: string };

/** What became of one item of a batch. */
export type BatchResult =
  | { readonly ok: true; readonly status: number; readonly message: MessageReceipt | DryRun }
  | { readonly ok: false; readonly status: number; readonly error: RelaisProblem };

/** The answer to a batch (207). */
interface BatchAnswer {
  readonly items: readonly { readonly status: number; readonly body: MessageReceipt | DryRun | ProblemBody }[];
}

export interface BatchDeps {
  readonly request: Requests;
  readonly pace: Pace;
  /** How often items that Relais could not take at the moment are repeated. */
  readonly repetitions: number;
}

type Answer = BatchAnswer["items"][number];

/** One item, and what is known of it. */
interface Tried {
  readonly item: BatchItem & { readonly idempotencyKey: string };
  /** How many requests it was in. */
  readonly attempts: number;
  /** Whether one of them may have been carried out without an answer that says so. */
  readonly inDoubt: boolean;
  /** The latest. */
  readonly answer: Answer;
}

type Untried = Pick<Tried, "item" | "attempts" | "inDoubt">;

/** As for a single message: a refusal says that nothing was sent, an answer 5xx without that promise does not. */
const leavesDoubt = ({ status, body }: Answer): boolean =>
  isProblemBody(body) && (body.outcome === "unknown" || (body.outcome === undefined && status >= 500));

const postItems = async (
  { request }: BatchDeps,
  untried: readonly Untried[],
  signal: AbortSignal | undefined,
): Promise<readonly Tried[]> => {
  const { body, ...answered } = await request<BatchAnswer>({
    method: "POST",
    path: "/v1/messages/batch",
    body: JSON.stringify({ items: untried.map(({ item }) => messageJson(item)) }),
    sends: true,
    isAnswer: ({ items }) => Array.isArray(items) && items.length === untried.length,
    signal,
  });
  return body.items.flatMap((answer, at) => {
    const before = untried[at];
    if (before === undefined) return [];
    const inDoubt = before.inDoubt || answered.inDoubt || leavesDoubt(answer);
    return [{ item: before.item, attempts: before.attempts + answered.attempts, inDoubt, answer }];
  });
};

/** What is known of an item after a request without an answer of its own. */
const afterFailure = (one: Tried, error: RelaisError): Tried => ({
  ...one,
  attempts: one.attempts + error.attempts,
  inDoubt: one.inDoubt || error.outcome === "unknown",
});

const isWorthRepeating = ({ answer: { body } }: Tried): boolean => isProblemBody(body) && body.retryable;

const resultOf = ({ item: { idempotencyKey }, attempts, inDoubt, answer: { status, body } }: Tried): BatchResult =>
  isProblemBody(body)
    ? { ok: false, status, error: new RelaisProblem(body, { attempts, inDoubt, idempotencyKey }) }
    : { ok: true, status, message: body };

/**
 * Sends a batch, and again those of its items that Relais could not take at the moment, with their keys. Rejects only
 * if the first request fails; later, what is known of each item is worth more.
 */
export const sendBatch = async (
  deps: BatchDeps,
  items: readonly BatchItem[],
  signal: AbortSignal | undefined,
): Promise<readonly BatchResult[]> => {
  const keyed = items.map((item) => ({ ...item, idempotencyKey: item.idempotencyKey ?? crypto.randomUUID() }));
  const untried = keyed.map((item) => ({ item, attempts: 0, inDoubt: false }));
  const tried = new Map((await postItems(deps, untried, signal)).map((one) => [one.item, one]));
  for (let turns = 1; turns <= deps.repetitions; turns += 1) {
    const left = [...tried.values()].filter(isWorthRepeating);
    if (left.length === 0) break;
    await deps.pace.sleep(pauseMs(turns, undefined, deps.pace), signal);
    try {
      for (const one of await postItems(deps, left, signal)) tried.set(one.item, one);
    } catch (error) {
      if (!(error instanceof RelaisError)) throw error;
      for (const one of left) tried.set(one.item, afterFailure(one, error));
      break;
    }
  }
  return [...tried.values()].map(resultOf);
};
