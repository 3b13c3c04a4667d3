import * as z from "zod";
import type { Principal } from "../../access/records.ts";
import { fieldProblem, jsonPointer, parseWith, says } from "../../field-problems.ts";
import { invalidRequest, Unavailable } from "../../problem.ts";
import { fail, ok, type Result } from "../../result.ts";
import { type Acceptance, type AcceptDeps, acceptMessage } from "./accept.ts";
import { bounded, listOf } from "./bounded-input.ts";
import { isIdempotencyKey } from "./idempotency.ts";
import { HTTP_SIZE_LIMIT } from "./message-input.ts";
import { RAW_SIZE_LIMIT } from "./raw-input.ts";

const MOST_ITEMS = 100;
/** Eight hide the store's latency, and are few enough that large bodies are not all in memory twice. */
const AT_ONCE = 8;

export const batchInput = bounded(
  z.strictObject({
    items: listOf(z.unknown(), MOST_ITEMS).refine((items) => items.length > 0, says("no_message")),
  }),
);

/** Separates `idempotencyKey` from an item. The rest is the message, from which its hash is made. */
const split = (item: unknown): { readonly json: unknown; readonly key: unknown } => {
  if (typeof item !== "object" || item === null || !Object.hasOwn(item, "idempotencyKey")) {
    return { json: item, key: undefined };
  }
  const entries = Object.entries(item);
  return {
    json: Object.fromEntries(entries.filter(([name]) => name !== "idempotencyKey")),
    key: entries.find(([name]) => name === "idempotencyKey")?.[1],
  };
};

/** Accepts one item. A store failure becomes this item's problem, so that the others' answers are not lost. */
const acceptItem = async (
  deps: AcceptDeps,
  principal: Principal,
  { item, index }: { readonly item: unknown; readonly index: number },
): Promise<Result<Acceptance>> => {
  const { json, key } = split(item);
  const at = ["items", index];
  if (key !== undefined && (typeof key !== "string" || !isIdempotencyKey(key))) {
    return fail(invalidRequest(fieldProblem(jsonPointer([...at, "idempotencyKey"]), "bad_idempotency_key")));
  }
  try {
    const limits = { sizeLimit: HTTP_SIZE_LIMIT, rawSizeLimit: RAW_SIZE_LIMIT };
    return await acceptMessage(deps, { principal, json, idempotencyKey: key ?? null, ...limits, at });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    deps.log.error("batch_item_unavailable", { index }, error);
    return fail({ code: "unavailable", retryAfterS: 5 });
  }
};

/** Makes items with the same key wait for each other, so that the first in the batch is the one that is stored. */
const serializeByKey = () => {
  const underWay = new Map<unknown, Promise<unknown>>();
  return <T>(item: unknown, accept: () => Promise<T>): Promise<T> => {
    const { key } = split(item);
    const mine = (underWay.get(key) ?? Promise.resolve()).then(accept);
    if (key !== undefined) underWay.set(key, mine);
    return mine;
  };
};

/**
 * Accepts or refuses up to 100 messages one by one, in the order given. Refuses the whole only with `invalid_request`,
 * if the batch itself cannot be read. An item with `unavailable` may be stored after all, which a repeated key shows.
 */
export const acceptBatch = async (
  deps: AcceptDeps,
  principal: Principal,
  body: unknown,
): Promise<Result<readonly Result<Acceptance>[]>> => {
  const parsed = parseWith(batchInput, body);
  if (!parsed.ok) return parsed;
  const { items } = parsed.value;
  const results: Result<Acceptance>[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    const group = items.slice(start, start + AT_ONCE);
    const inTurn = serializeByKey();
    results.push(
      ...(await Promise.all(
        group.map((item, at) => inTurn(item, () => acceptItem(deps, principal, { item, index: start + at }))),
      )),
    );
  }
  return ok(results);
};
