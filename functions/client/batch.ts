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

type KeyedItem = BatchItem & { readonly idempotencyKey: string };

interface Turn {
  readonly attempts: number;
  readonly signal: AbortSignal | undefined;
}

const postItems = async (
  { request }: BatchDeps,
  items: readonly KeyedItem[],
  { attempts, signal }: Turn,
): Promise<readonly BatchResult[]> => {
  const body = JSON.stringify({ items: items.map(messageJson) });
  const answered = await request<BatchAnswer>({
    method: "POST",
    path: "/v1/messages/batch",
    body,
    sends: true,
    signal,
  });
  return answered.body.items.map(({ status, body: said }, at) => {
    if (!isProblemBody(said)) return { ok: true, status, message: said };
    const idempotencyKey = items[at]?.idempotencyKey;
    const facts = { attempts, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
    return { ok: false, status, error: new RelaisProblem(said, facts) };
  });
};

/** The items that are worth another request, with their places in the batch. */
const leftOver = (keyed: readonly KeyedItem[], results: readonly BatchResult[]) =>
  keyed.flatMap((item, at) => {
    const result = results[at];
    return result !== undefined && !result.ok && result.error.retryable ? [{ item, at }] : [];
  });

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
  const results = [...(await postItems(deps, keyed, { attempts: 1, signal }))];
  for (let attempts = 1; attempts <= deps.repetitions; attempts += 1) {
    const left = leftOver(keyed, results);
    if (left.length === 0) break;
    await deps.pace.sleep(pauseMs(attempts, undefined, deps.pace), signal);
    try {
      const turn = { attempts: attempts + 1, signal };
      const again = await postItems(
        deps,
        left.map(({ item }) => item),
        turn,
      );
      for (const [index, { at }] of left.entries()) results[at] = again[index] ?? (results[at] as BatchResult);
    } catch (error) {
      if (!(error instanceof RelaisError)) throw error;
      break;
    }
  }
  return results;
};
