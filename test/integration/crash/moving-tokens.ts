import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import { grantOf } from "../../../functions/domain/mail-servers/mail-server.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { homeOf } from "../../../functions/domain/secret-vault.ts";
import { defaultSettings, SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { bundleFrom } from "../../builders/changed-copy.ts";
import { FULL_MAIL, grant, mailServer } from "../../builders/mail-server.ts";
import { plainFirestore } from "../../builders/plain-firestore.ts";
import { sandboxGrant } from "../../builders/sandbox-token.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { googlePlatform } from "./google-platform.ts";
import type { Platform } from "./platform.ts";
import { linesOf, Worker } from "./worker.ts";

type Home = "secrets" | "sealed";

/** A busy machine's emulators may need longer than Relais waits, above all for the first write. */
const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Unavailable) || tries === 10) throw error;
    }
  }
};

const tokenOf = (serverId: string) => ({ kind: "refresh_token", serverId }) as const;

/** Connects servers by a consent each, with the token in Secret Manager. */
const connect = async (system: System, sandbox: GoogleSandbox, ids: readonly string[]): Promise<void> => {
  for (const id of ids) {
    // Each has a consent of its own: a token that was replaced must not be used again.
    const granted = await sandboxGrant(sandbox);
    const secretVersion = await patiently(() => system.vault.add(tokenOf(id), granted.refreshToken));
    const held = grant({ secretVersion, clientId: sandbox.client.id, scopes: ["openid", "email", FULL_MAIL] });
    const connection = { state: "valid", grant: held } as const;
    const value = mailServer({ name: id, accountSub: held.sub, connection, nextCheckAtMs: Date.now() + 1e9 });
    await patiently(() => system.records.commit([{ op: "put", kind: "mailServers", id, value }]));
  }
};

const saveClient = async ({ records, vault, environment }: System, { client }: GoogleSandbox): Promise<void> => {
  const secretVersion = await vault.add({ kind: "client_secret" }, new Secret(client.secret));
  const gmailCredentials = { clientId: client.id, secretVersion, configuredAtMs: 1 };
  const value = { ...defaultSettings(environment), gmailCredentials };
  await records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value }]);
};

const homesOf = (system: System, ids: readonly string[]): Promise<readonly string[]> =>
  Promise.all(
    ids.map(async (id) => {
      const server = await system.records.get("mailServers", id);
      return homeOf((server === undefined ? null : grantOf(server.value))?.secretVersion ?? "");
    }),
  );

/** Starts processes of `refresh-tokens` with one setting, and gives them ticks. */
class Movers {
  readonly #platform: Platform;
  readonly #folders: { readonly dist: string; readonly cache: string };
  readonly outputs: string[] = [];
  kills = 0;

  constructor(platform: Platform, folders: { readonly dist: string; readonly cache: string }) {
    this.#platform = platform;
    this.#folders = folders;
  }

  /** One tick by a process of its own, which may die of it. */
  async tick(home: Home, kill: Readonly<Record<string, string>> = {}): Promise<void> {
    const environment = {
      ...this.#platform.environment,
      RELAIS_REFRESH_TOKENS: home,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? this.#folders.cache,
      KILL_PORTS: JSON.stringify(this.#platform.ports),
      ...kill,
    };
    const worker = await Worker.start("refresh-tokens", { dist: this.#folders.dist, environment });
    const push = { data: { tick: true }, attributes: { relais: "tick" }, messageId: "1", deliveryAttempt: 1 };
    const acknowledged = await worker.push(push);
    // A tick that was not acknowledged has met its point; the process is seen to end a moment later.
    if (!acknowledged && kill.KILL_AT !== undefined) await worker.killed();
    assert.ok(acknowledged || worker.gone, worker.output);
    if (!acknowledged) this.kills += 1;
    await worker.end();
    this.outputs.push(worker.output);
  }
}

/** What a move passes that is its own, at both ends: each write of a record, and each request to Secret Manager. */
const decisive = (trace: string): readonly string[] => {
  const points = linesOf(trace).filter((point) => /mailServers|secretSweeps|sealedTokens|secret/i.test(point));
  return [...new Set(points)].filter((point) => /, (before|answered)$/.test(point));
};

const makeSweepDue = async ({ records }: System, id: string): Promise<void> => {
  const sweep = await records.get("secretSweeps", id);
  if (sweep === undefined) return;
  await records.commit([{ op: "put", kind: "secretSweeps", id, value: { ...sweep.value, dueAtMs: 1 } }]);
};

/** The pointer leads to the one token that is left, and Google accepts it. */
const assertWhole = async (system: System, id: string): Promise<void> => {
  const server = await system.records.get("mailServers", id);
  const pointer = server === undefined ? null : grantOf(server.value);
  assert.equal(server?.value.connection.state, "valid", `${id}: ${JSON.stringify(server?.value.connection)}`);
  assert.deepEqual(await system.vault.versions(tokenOf(id)), [pointer?.secretVersion], `${id}: nothing is left behind`);
  assert.ok((await accessTokens(system).renew(id)).ok, `${id} still has its grant`);
};

/** Every document of the project, as text. */
const documents = async ({ environment, unwatchedHost }: Platform): Promise<readonly string[]> => {
  const stored = plainFirestore(environment.GOOGLE_CLOUD_PROJECT ?? "", unwatchedHost ?? "");
  const found = await Promise.all((await stored.listCollections()).map((collection) => collection.get()));
  return found.flatMap(({ docs }) => docs.map((document) => JSON.stringify(document.data())));
};

/**
 * All tokens are refreshed one after the other, then none is for this long: moves meet refreshes, and each can succeed
 * in the end. Refreshes that never rest meet the moves of a busy machine again and again.
 */
const REST_MS = 1_000;

/** An end to waiting only. */
const PATIENCE_MS = 180_000;

interface MovingRun {
  readonly servers: number;
  /** At which of the points of a move its process is killed. */
  readonly choose: (points: readonly string[]) => readonly string[];
}

/**
 * Tokens go from Secret Manager to Firestore and back while others refresh them and each mover is killed; asserts that
 * none is lost and that none lies in clear.
 */
export const moveUnderKills = async ({ servers, choose }: MovingRun) => {
  const directory = mkdtempSync(join(tmpdir(), "relais-moving-"));
  const sandbox = await startGoogleSandbox();
  const platform = await googlePlatform(sandbox);
  const { system } = platform;
  let refreshing = true;
  let refreshed = 0;
  try {
    const dist =
      process.env.RELAIS_TEST_DIST ||
      (await bundleFrom(join(import.meta.dirname, "../../.."), join(directory, "dist"), "refresh-tokens"));
    const movers = new Movers(platform, { dist, cache: join(directory, "compiled") });
    await patiently(() => saveClient(system, sandbox));
    await connect(system, sandbox, ["srv_trace"]);
    const points = new Map<Home, readonly string[]>();
    for (const home of ["sealed", "secrets"] as const) {
      const trace = join(directory, `trace-${home}`);
      await movers.tick(home, { KILL_TRACE: trace });
      points.set(home, choose(decisive(trace)));
    }
    const ids = Array.from({ length: servers }, (_, n) => `srv_${n}`);
    await connect(system, sandbox, ids);
    sandbox.control.set({ fault: "rotate_refresh_token" });
    const load = (async () => {
      const tokens = accessTokens(system);
      for (let n = 0; refreshing; n += 1) {
        const renewed = await tokens.renew(ids[n % ids.length] ?? "").catch((error: unknown) => {
          if (!(error instanceof Unavailable)) throw error;
        });
        if (renewed?.ok) refreshed += 1;
        if ((n + 1) % ids.length === 0) await delay(REST_MS);
      }
    })();
    try {
      for (const [home, at] of points) {
        for (const point of at) await movers.tick(home, { KILL_AT: point });
        const wanted = home === "secrets" ? "secrets" : "sealed.1";
        // A token that was refreshed at the moment of its move is left to a later walk; on a busy machine, many times.
        const untilMs = Date.now() + PATIENCE_MS;
        const atHome = async (): Promise<boolean> => (await homesOf(system, ids)).every((one) => one === wanted);
        while (Date.now() < untilMs && !(await patiently(atHome))) await movers.tick(home);
        assert.deepEqual([...new Set(await patiently(() => homesOf(system, ids)))], [wanted]);
      }
    } finally {
      refreshing = false;
      await load;
    }
    for (const id of ids) await patiently(() => makeSweepDue(system, id));
    await movers.tick("secrets");
    for (const id of ids) await patiently(() => assertWhole(system, id));
    const texts = await documents(platform);
    assert.ok(texts.length > servers);
    for (const text of [...texts, ...movers.outputs]) assert.doesNotMatch(text, /1\/\/0[\w-]{8}/);
    return { points: [...points.values()].flat().length, kills: movers.kills, refreshed };
  } finally {
    refreshing = false;
    await platform.close();
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true });
  }
};
