import { type Part, SHARDS } from "../../shards.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { dispatchFirst } from "./dispatch.ts";

/**
 * Into how many parts a tick divides what is due. By default, `dispatch-due` has eight places (infra/functions.tf), of
 * which two are left for ticks and releases.
 */
export const PARTS = 6;

/** How many messages a tick dispatches by itself, which takes some seconds. Only more than that are worth pushes. */
export const MOST_ALONE = 500;

const handOver = async ({ publisher }: Pick<MoveDeps, "publisher">): Promise<void> => {
  const parts = Array.from({ length: PARTS }, (_, at): Part => ({ at, of: PARTS }));
  await Promise.all(
    parts.map((part) => publisher.publish("mail-dispatch", { data: { part }, attributes: { relais: "part" } })),
  );
};

/**
 * The tick of the due messages where many functions share the store: it dispatches the first ones itself and, if there
 * are more, asks for a run over each part of the shards. Nothing is written down about that: a message stays due until
 * it is moved, so if a push or a run is lost, the next tick asks again, and one too many finds nothing to do. Throws
 * `Unavailable`.
 */
export const dispatchInParts = (deps: MoveDeps, mostAlone = MOST_ALONE): Promise<number> =>
  dispatchFirst(deps, { most: mostAlone, handOver: () => handOver(deps) });

const isWhole = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value);

/** The part that a push names; undefined if it names none that there can be. */
export const partIn = (value: unknown): Part | undefined => {
  const { at, of }: { readonly at?: unknown; readonly of?: unknown } = Object(value);
  if (!isWhole(at) || !isWhole(of) || at < 0 || at >= of || of > SHARDS.dueShard) return undefined;
  return { at, of };
};
