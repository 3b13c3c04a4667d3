import type { AccessTokenOutcome, AccessTokens } from "../google/tokens.ts";
import type { MailTransport, ProbeStage } from "../google/transports.ts";
import type { TextCode } from "../problem-texts.ts";
import type { Versioned } from "../records.ts";
import type { Transport } from "../transport.ts";
import { addressMisfit } from "./judge-connection.ts";
import { accountAddress, type Connection, grantOf, type MailServer } from "./mail-server.ts";
import { probeProblem, type StageProblem } from "./probe-problem.ts";
import { type ServerDeps, saveServer } from "./save-server.ts";
import { scopesSuffice } from "./scopes.ts";
import { isUnderstoodServer, withConnection } from "./understood.ts";

export interface TestStage {
  readonly stage: "token" | "scope" | "identity" | ProbeStage["stage"];
  /** Milliseconds it took. */
  readonly ms: number;
  /** Null: the stage is passed. */
  readonly problem: StageProblem | null;
  /** As of `ProbeStage`. */
  readonly smtpUtf8?: boolean;
}

export interface TestConnectionDeps extends ServerDeps {
  readonly tokens: Pick<AccessTokens, "renew">;
  readonly transports: Readonly<Record<Transport, Pick<MailTransport, "probe">>>;
}

type Refusal = Extract<AccessTokenOutcome, { ok: false }>;

/** A grant found dead before today has its cause on record; that says more than that there is no token. */
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

const probed = (stages: readonly ProbeStage[], transport: Transport): TestStage[] =>
  stages.map(({ smtpUtf8, ...one }) => ({
    stage: one.stage,
    ms: one.ms,
    problem: one.ok ? null : probeProblem(one, transport),
    ...(smtpUtf8 !== undefined && { smtpUtf8 }),
  }));

type Identified = Extract<AccessTokenOutcome, { ok: true }>["identity"] | "another";

/** What is wrong with the identity; undefined: this test's token came without an ID token, so that nothing was proven. */
const identityProblem = (server: MailServer, identity: Identified): TextCode | null | undefined => {
  if (identity === "another") return "account_mismatch";
  const misfit = addressMisfit(server);
  if (misfit !== null) return misfit;
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

/** Scopes and identity as this test's token has them: no more network, so they take no time worth telling. */
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
  // From Google, not from the cache: a token got an hour ago says nothing of a grant revoked or a client's secret changed since.
  const outcome = await deps.tokens.renew(id);
  const ms = deps.clock.nowMs() - startedAtMs;
  // Read after the token was asked for: that may have written what is known of the grant.
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
  const stages = probed(probe, transport);
  return [token, ...before, ...(sendsMail ? stages : remembering(connection, stages))];
};

const isRefused = (connection: Connection): connection is Extract<Connection, { readonly state: "error" }> =>
  connection.state === "error" && connection.reason === "gmail_refused";

/**
 * Gmail refused the account where a test does not go, so its answers up to there prove nothing: the last stage repeats what it said. A test that sends a
 * mail goes further, so it lets mail try again, as a check (daily at the latest) and a new connection do.
 */
const remembering = (connection: Connection, stages: readonly TestStage[]): readonly TestStage[] => {
  const last = stages.at(-1);
  if (!isRefused(connection) || connection.beyondProbe === undefined) return stages;
  if (last === undefined || last.problem !== null) return stages;
  const problem = { code: connection.reason, upstream: connection.beyondProbe };
  return [...stages.slice(0, -1), { ...last, problem }];
};

/**
 * A passed test is proof: `lastVerifiedAt` is now, an `error` that Gmail's refusal had brought (`gmail_refused`) is over and its held mail goes, and what the
 * SMTP server offers is known for accepting. One try: whoever wrote to the server in between knows better. A failed test writes nothing: the way may be blocked here alone, and what is wrong with the
 * grant itself has been written by who found it out, `AccessTokens`.
 */
const noteProof = async (
  deps: TestConnectionDeps,
  tested: Versioned<MailServer>,
  stages: readonly TestStage[],
): Promise<void> => {
  const server = await deps.records.get("mailServers", tested.id);
  const connection = server?.value.connection;
  if (server === undefined || connection === undefined || connection.state === "not_connected") return;
  if (connection.grant.secretVersion !== grantOf(tested.value)?.secretVersion) return;
  const grant = { ...connection.grant, lastVerifiedAtMs: deps.clock.nowMs() };
  const over = isRefused(connection);
  const smtpUtf8 = stages.at(-1)?.smtpUtf8;
  const proven: Connection = over ? { state: "valid", grant } : { ...connection, grant };
  const value: MailServer = {
    ...withConnection(server.value, proven),
    ...(smtpUtf8 !== undefined && { smtpUtf8 }),
  };
  await saveServer(deps, server, { value });
};

/**
 * Proves the whole way without sending: `token, scope, identity`, then what the transport probes (`dns, tls, auth`, by SMTP `envelope`).
 * Ends at the first failure; a stage not run is absent. `sendsMail`: a real mail follows, if every stage is passed. Undefined: the server was deleted meanwhile. Throws `Unavailable`.
 */
export const testConnection = async (
  deps: TestConnectionDeps,
  server: Versioned<MailServer>,
  { sendsMail } = { sendsMail: false },
): Promise<readonly TestStage[] | undefined> => {
  // Proving a grant writes down what comes of it.
  if (!isUnderstoodServer(server.value)) return [stage("token", 0, "newer_version")];
  const stages = await runStages(deps, server.id, sendsMail);
  if (stages?.every(({ problem }) => problem === null)) await noteProof(deps, server, stages);
  return stages;
};
