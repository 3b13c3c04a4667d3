import { changeOnCondition } from "../../change-on-condition.ts";
import { type Connection, type Grant, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { hasForeignToken, reassessConnection } from "../../mail-servers/reassess-connection.ts";
import { saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import { withAddress } from "../connect/identity.ts";
import { type RefreshOutcome, scopesOf } from "../tokens/ask-google.ts";
import { noteClientFacts } from "../tokens/client-facts.ts";
import { mintedWrite } from "../tokens/token-cache.ts";
import {
  type CheckDeps,
  type CheckOutcome,
  type CheckSubject,
  hasEndedForGood,
  keepCapWarning,
  readSubject,
} from "./check-subject.ts";
import { judgeProof } from "./judge-proof.ts";
import { type App, liveConnection, outlivesTesting, withoutOutlivedSession } from "./lifetime.ts";
import { nextCheckAtMs, refusalCheckAtMs } from "./next-check.ts";
import { postponeCheck } from "./postpone-check.ts";
import { probeRefusal } from "./probe-refusal.ts";
import { newerSendAs, readSendAs } from "./send-as.ts";

type IssuedToken = Extract<RefreshOutcome, { readonly kind: "token" }>;
interface Proof {
  readonly issued: IssuedToken;
  readonly proven: Grant;
  readonly refusal: Awaited<ReturnType<typeof probeRefusal>>;
}

/**
 * Uses a token from Google to prove the scopes and the identity, and stores them with what else the account reports.
 * Throws `Unavailable`.
 */
export const proveGrant = async (deps: CheckDeps, found: CheckSubject, issued: IssuedToken): Promise<CheckOutcome> => {
  if (issued.identity.kind === "unreachable") return postponeCheck(deps, found);
  const scopes = scopesOf(issued.tokens, issued.grant);
  // Without an ID token that proves something, the identity stays as it was last proven.
  const named =
    issued.identity.kind === "same" ? withAddress(issued.grant, issued.identity.identity.email) : issued.grant;
  if (named !== issued.grant) deps.log.warn("account_renamed", { server: found.server.id });
  const login = { username: named.email, accessToken: issued.tokens.accessToken };
  const sendAs = newerSendAs(issued.grant.sendAs, await readSendAs(deps, login, scopes));
  const refreshTokenExpiresAtMs = issued.tokens.refreshTokenExpiresAtMs ?? issued.grant.refreshTokenExpiresAtMs;
  const lastVerifiedAtMs = deps.clock.nowMs();
  const read: Grant = { ...named, scopes, sendAs, refreshTokenExpiresAtMs, lastVerifiedAtMs };
  const proven = withoutOutlivedSession(deps, read);
  await noteOutlived(deps, proven, issued.app);
  const refusal = await probeRefusal(deps, found.server.value, login);
  return writeProof(deps, found, { issued, proven, refusal });
};

/** This precedes the server's own write: it is rare, and after a crash in between it is merely repeated. */
const noteOutlived = async (deps: CheckDeps, grant: Grant, app: App): Promise<void> => {
  if (app.sevenDayDeathAtMs === null || !outlivesTesting(deps, grant)) return;
  await noteClientFacts(deps, grant.clientId, { sevenDayDeathAtMs: null });
};

const writeProof = (deps: CheckDeps, found: CheckSubject, proof: Proof): Promise<CheckOutcome> =>
  changeOnCondition<CheckOutcome>(deps, "write down a check", async (lost) => {
    const now = lost === 0 ? found : await readSubject(deps, found.server.id);
    if (now === null || !isUnderstoodServer(now.server.value)) return { kind: "nothing_to_check" };
    if (grantOf(now.server.value)?.secretVersion !== secretBefore(now, proof)) return { kind: "nothing_to_check" };
    const connection = connectionAfter(deps, now.server.value, proof);
    if (!(await saveProof(deps, now, { connection, proof }))) return "contended";
    judgeProof(deps, now.server, null);
    return { kind: "checked", state: connection.state };
  });

/**
 * The record must still point to the proven secret. A record read before a rotation fails at its write and is read
 * again.
 */
const secretBefore = ({ server }: CheckSubject, { proven }: Proof): string | undefined => {
  const held = grantOf(server.value);
  return held !== null && held.generation < proven.generation ? held.secretVersion : proven.secretVersion;
};

const isRefused = (connection: Connection): boolean =>
  connection.state === "error" && connection.reason === "gmail_refused";

const connectionAfter = (deps: CheckDeps, server: MailServer, { proven, issued, refusal }: Proof): Connection => {
  const { connection: before } = server;
  if (before.state === "not_connected" || hasEndedForGood(server)) return before;
  const sinceMs = deps.clock.nowMs();
  // A token proves nothing here, because Gmail refuses the account despite it.
  if (before.state === "error" && isRefused(before) && refusal !== "over") return { ...before, grant: proven };
  if (before.state === "error" && hasForeignToken(server) && issued.identity.kind !== "same")
    return { ...before, grant: proven };
  const live = keepCapWarning(before, liveConnection(deps, proven, issued.app));
  const now = reassessConnection({ ...server, connection: live }, sinceMs);
  const same = now.state === "error" && before.state === "error" && now.reason === before.reason;
  return same ? { ...now, sinceMs: before.sinceMs } : now;
};

const saveProof = async (
  deps: CheckDeps,
  { server, entry }: CheckSubject,
  { connection, proof }: { readonly connection: Connection; readonly proof: Proof },
): Promise<boolean> => {
  const { issued, proven } = proof;
  const { id, value } = server;
  const { accessToken, expiresAtMs } = issued.tokens;
  const regularAtMs = nextCheckAtMs(deps, proven, issued.app);
  const nextAtMs = isRefused(connection) ? Math.min(regularAtMs, refusalCheckAtMs(deps)) : regularAtMs;
  const after = { ...withConnection(value, connection), nextCheckAtMs: nextAtMs };
  const caching = await mintedWrite(deps, { id, entry }, { accessToken, expiresAtMs, scopes: proven.scopes });
  return (await saveServer(deps, server, { value: after, also: [caching] })).done;
};
