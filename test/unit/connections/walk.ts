import assert from "node:assert/strict";
import { newSessionId } from "../../../functions/domain/access/sessions.ts";
import type { OperatorAlert } from "../../../functions/domain/alerts/operator-alert.ts";
import type { ConnectionState } from "../../../functions/domain/connection-states.ts";
import { checkServer } from "../../../functions/domain/connections/checks/check-server.ts";
import { confirmAuthorization } from "../../../functions/domain/connections/connect/confirm.ts";
import { startConnecting } from "../../../functions/domain/connections/connect/start.ts";
import { disconnect } from "../../../functions/domain/connections/endings/disconnect.ts";
import { sweepSecrets } from "../../../functions/domain/connections/endings/secret-sweep.ts";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import { moveTokens } from "../../../functions/domain/connections/tokens/move-tokens.ts";
import { deleteMailServer } from "../../../functions/domain/mail-servers/delete-mail-server.ts";
import { type Connection, grantOf } from "../../../functions/domain/mail-servers/mail-server.ts";
import { serverNameId } from "../../../functions/domain/mail-servers/server-name.ts";
import { cancelOpenMessages } from "../../../functions/domain/messages/commands/cancel.ts";
import { openMessages } from "../../../functions/domain/messages/commands/open-messages.ts";
import { closeLedger } from "../../../functions/domain/messages/stats/ledger-tally.ts";
import { tellForgotten } from "../../../functions/domain/notices/tell.ts";
import type { Announcement } from "../../../functions/domain/publisher.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import type { SecretVault } from "../../../functions/domain/secret-vault.ts";
import { defaultSettings, SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import type { Settings } from "../../../functions/domain/settings/settings.ts";
import { type TestClock, testClock } from "../../builders/clock.ts";
import { mailServer } from "../../builders/mail-server.ts";
import { ModelGoogle } from "../../builders/model-google.ts";
import { testRandom, testSealer } from "../../builders/store.ts";
import { telling } from "../../builders/telling.ts";
import { MemoryRecords } from "../../simulator/memory-records.ts";
import { MemoryVault } from "../../simulator/memory-vault.ts";

const environment = {
  operators: [],
  members: [],
  callers: [],
  retentionDays: 30,
  smtpDoor: null,
  publicUrl: "http://localhost:8080",
};
export const SERVER = "srv_1";
export const SIBLING = "srv_2";

/** Where a world's records and secrets are stored, if not in memory. */
export interface Elsewhere {
  readonly records: Records;
  readonly vault: SecretVault;
}

const inMemory = (): Elsewhere => ({ records: new MemoryRecords(), vault: new MemoryVault() });

/** Two servers of one account, a store, and a Google. The world can be made to die after any write of any port. */
export const newWorld = async (elsewhere: Elsewhere = inMemory(), clock: TestClock = testClock()) => {
  const store = { ...elsewhere, sealer: testSealer() };
  const google = new ModelGoogle(clock);
  const announced: Announcement[] = [];
  const alerts: OperatorAlert[] = [];
  /** Counts the writes of every port; the process "dies" after this many. */
  const death = { afterWrite: Number.POSITIVE_INFINITY, writes: 0, died: false };
  /** Before the write after so many, something else happens from its beginning to its end. */
  const meanwhile = { afterWrite: Number.POSITIVE_INFINITY, act: async (): Promise<unknown> => undefined, done: false };
  const mortal = async <T>(write: () => Promise<T>): Promise<T> => {
    if (death.writes >= death.afterWrite) {
      death.died = true;
      throw new Error("killed");
    }
    if (death.writes >= meanwhile.afterWrite && !meanwhile.done) {
      meanwhile.done = true;
      await meanwhile.act();
    }
    const done = await write();
    death.writes += 1;
    return done;
  };
  const ports = {
    clock,
    random: testRandom,
    records: {
      get: store.records.get.bind(store.records),
      query: store.records.query.bind(store.records),
      commit: (writes: Parameters<typeof store.records.commit>[0]) => mortal(() => store.records.commit(writes)),
    },
    vault: {
      read: (...args: Parameters<typeof store.vault.read>) => store.vault.read(...args),
      home: () => store.vault.home(),
      versions: (...args: Parameters<typeof store.vault.versions>) => store.vault.versions(...args),
      add: (...args: Parameters<typeof store.vault.add>) => mortal(() => store.vault.add(...args)),
      destroy: (...args: Parameters<typeof store.vault.destroy>) => mortal(() => store.vault.destroy(...args)),
      remove: (...args: Parameters<typeof store.vault.remove>) => mortal(() => store.vault.remove(...args)),
    },
    sealer: store.sealer,
    publisher: { publish: () => mortal(async () => undefined) },
    announce: (announcement: Announcement) => mortal(async () => void announced.push(announcement)),
    alert: (alert: OperatorAlert) => mortal(async () => void alerts.push(alert)),
    log: { info: () => {}, warn: () => {}, error: () => {} },
    oauth: {
      authorizationUrl: google.authorizationUrl.bind(google),
      exchangeCode: google.exchangeCode.bind(google),
      refresh: google.refresh.bind(google),
      identify: google.identify.bind(google),
      revoke: (token: Secret) => mortal(() => google.revoke(token)),
    },
    gmailAccount: { sendAs: async () => "unavailable" as const },
    transports: { smtp: { probe: async () => [] }, gmail_api: { probe: async () => [] } },
    environment,
    setupToken: null,
    production: false,
  };
  const deps = telling(ports);
  const secretVersion = await store.vault.add({ kind: "client_secret" }, new Secret("client secret"));
  const gmailCredentials = { clientId: "client-1", secretVersion, configuredAtMs: 0 };
  await store.records.commit([
    { op: "put", kind: "settings", id: SETTINGS_ID, value: { ...defaultSettings(environment), gmailCredentials } },
    { op: "create", kind: "mailServers", id: SERVER, value: mailServer() },
    { op: "create", kind: "serverNames", id: serverNameId("Facturation"), value: { serverId: SERVER } },
    { op: "create", kind: "mailServers", id: SIBLING, value: mailServer({ name: "Sibling" }) },
  ]);
  const principal = { kind: "setup" } as const;
  const stored = async (id: string) => {
    const server = await store.records.get("mailServers", id);
    assert.ok(server);
    return server.value;
  };
  return {
    clock,
    google,
    announced,
    alerts,
    death,
    meanwhile,
    close: () => undefined,
    state: async (id: string): Promise<ConnectionState> => (await stored(id)).connection.state,
    nextCheckAtMs: async (id: string): Promise<number | null> => (await stored(id)).nextCheckAtMs,
    declare: async (publishingStatus: Settings["publishingStatus"]): Promise<void> => {
      const value = { ...defaultSettings(environment), gmailCredentials, publishingStatus };
      await store.records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value }]);
    },
    connection: async (id: string): Promise<Connection> => (await stored(id)).connection,
    deps,
    connect: async (id: string, account = "ada@example.com") => {
      const browser = newSessionId(deps.random);
      const started = await startConnecting(deps, { sessionId: browser, live: false, principal }, id);
      assert.ok(started.ok);
      return confirmAuthorization(deps, { sessionId: browser, error: null, ...google.consents(account) });
    },
    /** Runs in a process of its own. */
    obtain: (id: string) => accessTokens(deps).obtain(id),
    check: (id: string) => checkServer(deps, id),
    move: () => moveTokens(deps),
    disconnect: (id: string) => disconnect(deps, id, "setup-token"),
    remove: (id: string) =>
      deleteMailServer(
        {
          ...deps,
          openMessages: openMessages(deps),
          closeLedger: (serverId) => closeLedger(deps, serverId),
          cancelWaiting: async (serverId) => void (await cancelOpenMessages(deps, serverId)),
          disconnect: (serverId) => disconnect(deps, serverId, "setup-token"),
        },
        principal,
        { id, cancel: true },
      ),
    /** Whether the server exists, and whether its name is taken. */
    exists: async (id: string) => (await store.records.get("mailServers", id)) !== undefined,
    nameIsTaken: async (name: string) => {
      const kept = await store.records.get("serverNames", serverNameId(name));
      return kept !== undefined && kept.value.freed !== true;
    },
    /** What the ticks do besides looking for what is due. */
    sweep: async () => {
      await sweepSecrets(deps);
      await tellForgotten(deps);
    },
    assertNothingUntold: async (): Promise<void> => {
      const upTo = Number.MAX_SAFE_INTEGER;
      const untold = await store.records.query("noticesDue", { upTo }, { limit: 200 });
      assert.ok(untold !== "bad_cursor");
      assert.deepEqual(untold.items, []);
    },
    /** The vault holds the secret that the server points to, and nothing else. */
    assertNoOrphan: async (id: string): Promise<void> => {
      const server = await store.records.get("mailServers", id);
      const pointer = server === undefined ? undefined : grantOf(server.value)?.secretVersion;
      const versions = await store.vault.versions({ kind: "refresh_token", serverId: id });
      assert.deepEqual(versions, pointer === undefined ? [] : [pointer]);
      assert.equal(await store.records.get("secretSweeps", id), undefined, "nothing is left to do");
    },
    secrets: (id: string) => store.vault.versions({ kind: "refresh_token", serverId: id }),
    /** What is true of a server at any time, after any crash. */
    assertSound: async (id: string): Promise<void> => {
      const server = await stored(id);
      const grant = grantOf(server);
      const secret = { kind: "refresh_token", serverId: id } as const;
      assert.equal(server.accountSub, grant?.sub ?? null, "the index field says what the connection says");
      if (grant !== null) {
        assert.ok(await store.vault.read(secret, grant.secretVersion), "the pointer does not dangle");
      }
      const ended = server.connection.state === "not_connected" || server.connection.state === "reconnect_required";
      assert.equal(server.nextCheckAtMs === null, ended, "what a check can help is checked, and nothing else");
      const cached = (await store.records.get("accessTokens", id))?.value.sealed ?? null;
      if (ended) assert.equal(cached, null, "no cached token outlives its grant");
    },
  };
};
export type World = Awaited<ReturnType<typeof newWorld>>;
