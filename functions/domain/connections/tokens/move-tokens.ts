import { conditionalWrite, unlessContended } from "../../change-on-condition.ts";
import { type Clock, DAY, HOUR, SECOND } from "../../clock.ts";
import { readPage } from "../../every-record.ts";
import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import { Unavailable } from "../../problem.ts";
import { isOfLaterVersion } from "../../record-version.ts";
import type { Records, Versioned } from "../../records.ts";
import { homeOf } from "../../secret-vault.ts";
import type { TokenMoves } from "../records.ts";
import { moveToken, type ReplaceDeps } from "./replace-secret.ts";

const ID = "refresh_tokens";
const PAGE = 50;
/** Secret Manager takes 600 writes a minute in a project; a move takes up to three, and people connect meanwhile. */
const MOST_A_TICK = 100;
const AT_ONCE = 5;
/** How long a tick goes on; its function has two minutes. Nominal. */
const STEP_MS = 40 * SECOND;
/**
 * For this long, functions of before may still use the former setting, or the former key (`REFRESH_AFTER_MS` of the key
 * ring). A walk that begins afterwards finds what they left. Nominal.
 */
const SETTLED_AFTER_MS = 1.5 * HOUR;

/**
 * Takes one step of moving refresh tokens to their home (`RELAIS_REFRESH_TOKENS`, and the newest key of those that are
 * sealed): it walks through the servers, and moves each token that is elsewhere. Readers follow the pointer in the
 * record, so mail goes on meanwhile. After the walk it looks again within two hours, then daily. It may be interrupted
 * and run concurrently. Throws `Unavailable`.
 */
export const moveTokens = async (deps: ReplaceDeps): Promise<void> => {
  const home = await deps.vault.home();
  if (home === null) return;
  const kept = await deps.records.get("tokenMoves", ID);
  if (kept !== undefined && isOfLaterVersion("tokenMoves", kept.value)) return;
  const walk = nextWalk(deps.clock, kept?.value, home);
  if (walk === null) return;
  const now = await step(deps, walk);
  // A lost race is fine: another tick has walked, too, and what it did not reach, the next one will.
  await deps.records.commit([conditionalWrite("tokenMoves", { id: ID, version: kept?.version }, now)]);
  report(deps, now);
};

/** Where the walks move refresh tokens to; null if there is but one place. Throws `Unavailable`. */
export const readTokenHome = async (records: Pick<Records, "get">): Promise<string | null> =>
  (await records.get("tokenMoves", ID))?.value.home ?? null;

/** Null if no walk is due. */
const nextWalk = (clock: Clock, before: TokenMoves | undefined, home: string): TokenMoves | null => {
  const nowMs = clock.nowMs();
  const begun = { home, walkFromMs: nowMs, cursor: null, moved: 0, left: 0 };
  if (before === undefined || before.home !== home) return { ...before, ...begun, sinceMs: nowMs, doneAtMs: null };
  if (before.cursor !== null || before.doneAtMs === null) return before;
  const everyMs = isSettled(clock, before) && before.left === 0 ? DAY : SETTLED_AFTER_MS;
  return nowMs < before.doneAtMs + clock.lasting(everyMs) ? null : { ...before, ...begun };
};

/** Whether no function used another home any more when the walk began. */
const isSettled = (clock: Clock, { sinceMs, walkFromMs }: TokenMoves): boolean =>
  walkFromMs >= sinceMs + clock.lasting(SETTLED_AFTER_MS);

/** Walks on, page by page, until the end or for as long as one tick may. */
const step = async (deps: ReplaceDeps, begun: TokenMoves): Promise<TokenMoves> => {
  const untilMs = deps.clock.nowMs() + deps.clock.lasting(STEP_MS);
  let walk = begun;
  for (let movedNow = 0; movedNow < MOST_A_TICK && deps.clock.nowMs() < untilMs; ) {
    const page = await readPage(deps.records, "serversByAge", {}, { limit: PAGE, cursor: walk.cursor });
    const strays = page.items.filter(({ value }) => isStray(value, walk.home));
    const outcomes = await moveAll(deps, strays, walk.home);
    const left = outcomes.filter((outcome) => outcome === "left").length;
    movedNow += strays.length;
    walk = { ...walk, cursor: page.next, moved: walk.moved + strays.length - left, left: walk.left + left };
    if (page.next === null) return { ...walk, doneAtMs: deps.clock.nowMs() };
  }
  return walk;
};

const isStray = (server: MailServer, home: string): boolean => {
  const grant = grantOf(server);
  return grant !== null && isUnderstoodServer(server) && homeOf(grant.secretVersion) !== home;
};

const moveAll = async (
  deps: ReplaceDeps,
  strays: readonly Versioned<MailServer>[],
  home: string,
): Promise<("gone" | "left")[]> => {
  const outcomes: ("gone" | "left")[] = [];
  for (let start = 0; start < strays.length; start += AT_ONCE)
    outcomes.push(
      ...(await Promise.all(strays.slice(start, start + AT_ONCE).map((stray) => tryToMove(deps, stray, home)))),
    );
  return outcomes;
};

/** How often a token that others change during its move is taken up again. */
const TRIES = 3;

/**
 * Leaves the token where it is if it cannot be moved now: it works there, too. A token that was changed meanwhile may
 * have been refreshed, and no refresh takes a sealed token to Secret Manager.
 */
const tryToMove = async (deps: ReplaceDeps, stray: Versioned<MailServer>, home: string): Promise<"gone" | "left"> => {
  let server: Pick<Versioned<MailServer>, "value"> | undefined = stray;
  for (let tries = 1; ; tries += 1) {
    if (server === undefined || !isStray(server.value, home)) return "gone";
    const why = await whyNotMoved(deps, stray.id, server.value);
    if (why === null) return "gone";
    if (why !== "changed" || tries === TRIES) {
      deps.log.warn("refresh_token_not_moved", { server: stray.id, why });
      return "left";
    }
    server = await deps.records.get("mailServers", stray.id);
  }
};

/** Null if it was moved. */
const whyNotMoved = async (deps: ReplaceDeps, serverId: string, server: MailServer): Promise<string | null> => {
  const grant = grantOf(server);
  if (grant === null) return null;
  try {
    const outcome = (await unlessContended(moveToken(deps, { serverId, grant }))) ?? "contended";
    return outcome === "moved" ? null : outcome;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return "unavailable";
  }
};

const report = ({ clock, log }: ReplaceDeps, walk: TokenMoves): void => {
  const { home, moved, left } = walk;
  const isOver = walk.cursor === null && walk.doneAtMs !== null;
  if (!isOver || left > 0) log.info("refresh_tokens_moving", { home, moved, left });
  else if (isSettled(clock, walk)) log.info("refresh_tokens_at_home", { home, moved });
};
