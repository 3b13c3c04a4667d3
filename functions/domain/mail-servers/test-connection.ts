import type { AccessTokenOutcome, AccessTokens } from "../google/tokens.ts";
import type { MailTransport, ProbeStage } from "../google/transports.ts";
import type { TextCode } from "../problem-texts.ts";
import type { Versioned } from "../records.ts";
import type { Transport } from "../transport.ts";
import { accountAddress, type Connection, grantOf, isSameConsent, type MailServer } from "./mail-server.ts";
import { probeProblem, type StageProblem } from "./probe-problem.ts";
import { findAddressError } from "./reassess-connection.ts";
import { type ServerDeps, saveServer } from "./save-server.ts";
import { scopesSuffice } from "./scopes.ts";
import { isUnderstoodServer, withConnection } from "./understood.ts";

export interface TestStage {
  readonly stage: "token" | "scope" | "identity" | ProbeStage["stage"];
  readonly ms: number;
  /** Null if the stage has passed. */
  readonly problem: StageProblem | null;
  readonly smtpUtf8?: boolean;
}

export interface TestConnectionDeps extends ServerDeps {
  readonly tokens: Pick<AccessTokens, "renew">;
  readonly transports: Readonly<Record<Transport, Pick<MailTransport, "probe">>>;
}

type Refusal = Extract<AccessTokenOutcome, { ok: false }>;

/** If the grant was found dead earlier, its stored reason says more than the missing token. */
const tokenProblem = (refusal: Refusal, { connection }: MailServer): StageProblem => {
  switch (refusal.why) {
    case "grant_dead":
      return { code: refusal.reason, upstream: null };
    case "not_connected":
      return { code: connection.state === "reconnect_required" ? connection.reason : refusal.why, upstream: null };
    case "client_changed":
    case "client_rejected":
    case "account_mismatch":
    case "google_unavailable":
      return { code: refusal.why, upstream: null };
  }
};

const stage = (name: TestStage["stage"], ms: number, code: TextCode | null): TestStage => ({
  stage: name,
  ms,
  problem: code === null ? null : { code, upstream: null },
});

const stagesOfProbe = (stages: readonly ProbeStage[], transport: Transport): TestStage[] =>
  stages.map(({ smtpUtf8, ...one }) => ({
    stage: one.stage,
    ms: one.ms,
    problem: one.ok ? null : probeProblem(one, transport),
    ...(smtpUtf8 !== undefined && { smtpUtf8 }),
  }));

type Identified = Extract<AccessTokenOutcome, { ok: true }>["identity"] | "another";

/** What is wrong with the identity; undefined if the token came without an ID token, so that nothing is proven. */
const identityProblem = (server: MailServer, identity: Identified): TextCode | null | undefined => {
  if (identity === "another") return "account_mismatch";
  const addressError = findAddressError(server);
  if (addressError !== null) return addressError;
  switch (identity) {
    case "same":
      return null;
    case "unproven":
      return "identity_unproven";
    case "unreachable":
      return "google_unavailable";
    case "absent":
    case null:
      return undefined;
  }
};

/** Checks the scopes and identity of this test's token. Their time is 0, because they need no network. */
const grantStages = (
  server: MailServer,
  { scopes, identity }: { readonly scopes: readonly string[]; readonly identity: Identified },
): TestStage[] => {
  const scope = stage("scope", 0, scopesSuffice(server.transport, scopes) ? null : "scope_missing");
  if (scope.problem !== null) return [scope];
  const problem = identityProblem(server, identity);
  return problem === undefined ? [scope] : [scope, stage("identity", 0, problem)];
};

const runStages = async (
  deps: TestConnectionDeps,
  id: string,
  sendsMail: boolean,
): Promise<readonly TestStage[] | undefined> => {
  const startedAtMs = deps.clock.nowMs();
  // Bypass the cache: an older token does not show that the grant was revoked or the client secret changed since.
  const outcome = await deps.tokens.renew(id);
  const ms = deps.clock.nowMs() - startedAtMs;
  // Read the server afterwards, because renewing the token may have updated it.
  const server = await deps.records.get("mailServers", id);
  if (server === undefined) return undefined;
  const token = stage("token", ms, null);
  if (!outcome.ok) {
    if (outcome.why !== "account_mismatch") return [{ ...token, problem: tokenProblem(outcome, server.value) }];
    return [token, ...grantStages(server.value, { scopes: outcome.scopes, identity: "another" })];
  }
  const before = grantStages(server.value, outcome);
  if (before.some(({ problem }) => problem !== null)) return [token, ...before];
  const { transport, connection } = server.value;
  const login = { username: accountAddress(server.value), accessToken: outcome.token };
  const how = { thorough: isRefused(connection) };
  const probe = await deps.transports[transport].probe(login, how);
  const stages = stagesOfProbe(probe, transport);
  return [token, ...before, ...(sendsMail ? stages : repeatRefusal(connection, stages))];
};

const isRefused = (connection: Connection): connection is Extract<Connection, { readonly state: "error" }> =>
  connection.state === "error" && connection.reason === "gmail_refused";

/**
 * If Gmail refused the account at a stage that a test does not reach, passing the earlier stages proves nothing, so the
 * last one reports that refusal again. A test that sends a mail does reach that stage.
 */
const repeatRefusal = (connection: Connection, stages: readonly TestStage[]): readonly TestStage[] => {
  const last = stages.at(-1);
  if (!isRefused(connection) || connection.beyondProbe === undefined) return stages;
  if (last === undefined || last.problem !== null) return stages;
  const problem = { code: connection.reason, upstream: connection.beyondProbe };
  return [...stages.slice(0, -1), { ...last, problem }];
};

/**
 * Notes a passed test: it verifies the grant, ends a `gmail_refused` error, and tells whether SMTPUTF8 is offered. No
 * retry: a concurrent write takes precedence. A failed test writes nothing, because only this network may be blocked;
 * problems with the grant itself have been noted by `AccessTokens`.
 */
const noteProof = async (
  deps: TestConnectionDeps,
  tested: Versioned<MailServer>,
  stages: readonly TestStage[],
): Promise<void> => {
  const server = await deps.records.get("mailServers", tested.id);
  const connection = server?.value.connection;
  if (server === undefined || connection === undefined || connection.state === "not_connected") return;
  const testedGrant = grantOf(tested.value);
  // The test's own token may have come with a new refresh token.
  if (testedGrant === null || !isSameConsent(connection.grant, testedGrant)) return;
  const grant = { ...connection.grant, lastVerifiedAtMs: deps.clock.nowMs() };
  const wasRefused = isRefused(connection);
  const smtpUtf8 = stages.at(-1)?.smtpUtf8;
  const proven: Connection = wasRefused ? { state: "valid", grant } : { ...connection, grant };
  const value: MailServer = {
    ...withConnection(server.value, proven),
    ...(smtpUtf8 !== undefined && { smtpUtf8 }),
  };
  await saveServer(deps, server, { value });
};

/**
 * Tests every stage except sending: `token`, `scope`, `identity`, then the transport's probe. It ends at the first
 * failure; stages that did not run are absent. `sendsMail` says that a real mail follows a passed test. Undefined if
 * the server was deleted in the meantime. Throws `Unavailable`.
 */
export const testConnection = async (
  deps: TestConnectionDeps,
  server: Versioned<MailServer>,
  { sendsMail } = { sendsMail: false },
): Promise<readonly TestStage[] | undefined> => {
  // A test writes to the server, which this release must not do here.
  if (!isUnderstoodServer(server.value)) return [stage("token", 0, "newer_version")];
  const stages = await runStages(deps, server.id, sendsMail);
  if (stages?.every(({ problem }) => problem === null)) await noteProof(deps, server, stages);
  return stages;
};
