import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { jweSealer } from "../../../functions/adapters/sealing/jwe-sealer.ts";
import { openSqliteStore } from "../../../functions/adapters/sqlite/open.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../../functions/domain/messages/accept/message-input.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { defaultSettings, SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { onPush as deliverMail } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { emulatorsMissing, testProject, useEmulators } from "../../builders/emulators.ts";
import { eventually } from "../../builders/eventually.ts";
import { fixedSecrets } from "../../builders/google-project.ts";
import { grant, mailServer } from "../../builders/mail-server.ts";
import { programPath } from "../../builders/program-path.ts";
import { startSecretManagerStandIn } from "../../builders/secret-manager-stand-in.ts";
import { telling } from "../../builders/telling.ts";
import { connect } from "../../google-sandbox/client-program.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

const WORKER = programPath("cold-store");
const ADA = "ada@example.com";
const SERVER = "srv_ada";
const EACH = 5;

/** A process that waits for the signal to start. */
const startWorker = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [WORKER, ...args], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ready = await once(child.stdout, "data");
  assert.match(String(ready[0]), /ready/);
  return child;
};
const run = async (child: ChildProcess): Promise<NodeJS.Signals | null> => {
  const exit = once(child, "exit");
  child.stdin?.write("go\n");
  const [, signal] = await exit;
  return signal;
};

/**
 * A store that several processes share: what they need in their environment and as their first argument, and the same
 * store here.
 */
interface Shared {
  readonly environment: Readonly<Record<string, string>>;
  readonly path: string;
  readonly system: System;
  close(): void;
}

const DESCRIBED: Readonly<
  Record<
    "SQLite" | "Firestore's emulator",
    { readonly skip: string | false; readonly scale: number; readonly processes: number }
  >
> = {
  // Shortens what a killed process leaves behind, its lease on the token, to five seconds. That is longer than any
  // holder needs on a busy machine; otherwise two would ask Google.
  SQLite: { skip: false, scale: 6, processes: 5 },
  // Slower, and so with longer leases: none may expire while its holder still works. What must be left to later ticks
  // is not waited for here.
  "Firestore's emulator": { skip: emulatorsMissing(), scale: 2, processes: 3 },
};

for (const [name, { skip, scale, processes }] of Object.entries(DESCRIBED)) {
  const mails = processes * EACH;
  describe(`${mails} mails at once, by ${processes} processes on one store that holds no access token (${name})`, {
    skip,
  }, () => {
    let sandbox: GoogleSandbox;
    let shared: () => Promise<Shared>;
    const closers: (() => unknown)[] = [];
    before(async () => {
      sandbox = await startGoogleSandbox();
      closers.push(() => sandbox.close());
      const environment = { ...sandbox.environment, RELAIS_TIME_SCALE: String(scale) };
      shared = name === "SQLite" ? onSqlite(environment, closers) : await onGoogle(environment, closers);
    });
    after(async () => {
      for (const close of closers.reverse()) await close();
    });
    beforeEach(() => sandbox.control.clearMails());

    const coldStore = async (): Promise<Shared> => {
      const cold = await shared();
      const { records, vault, clock } = cold.system;
      const tokens = await connect(sandbox);
      const refreshToken = new Secret(tokens.body.refresh_token ?? assert.fail("no refresh token"));
      const secretVersion = await vault.add({ kind: "refresh_token", serverId: SERVER }, refreshToken);
      const clientVersion = await vault.add({ kind: "client_secret" }, new Secret(sandbox.client.secret));
      const { id: clientId } = sandbox.client;
      const gmailCredentials = { clientId, secretVersion: clientVersion, configuredAtMs: clock.nowMs() };
      const times = { connectedAtMs: clock.nowMs(), lastVerifiedAtMs: clock.nowMs() };
      const connection = { state: "valid", grant: grant({ secretVersion, clientId, ...times }) } as const;
      const server = mailServer({ connection, limits: { perMinute: 1_000, perDay: 2_000 } });
      const settings = { ...defaultSettings(cold.system.environment), gmailCredentials };
      await records.commit([
        { op: "create", kind: "settings", id: SETTINGS_ID, value: settings },
        { op: "create", kind: "mailServers", id: SERVER, value: server },
      ]);
      return cold;
    };

    const accept = async ({ system }: Shared): Promise<string[]> => {
      const ids: string[] = [];
      for (let at = 0; at < mails; at += 1) {
        const json = { server: SERVER, to: "b@example.org", subject: `No ${at}`, text: "Bonjour" };
        const submission = { principal: { kind: "setup" }, json, idempotencyKey: null } as const;
        const accepted = await acceptMessage(system, { ...submission, sizeLimit: HTTP_SIZE_LIMIT });
        assert.ok(accepted.ok && accepted.value.kind === "accepted", JSON.stringify(accepted));
        ids.push(accepted.value.message.id);
      }
      return ids;
    };

    /** The worker that claimed it is gone, and its lease ends. */
    const endLease = async ({ system: { records, clock } }: Shared, id: string): Promise<void> => {
      const left = await records.get("messages", id);
      if (left?.value.status !== "sending") return;
      const { version } = left;
      const value = { ...left.value, dueAtMs: clock.nowMs() };
      assert.ok((await records.commit([{ op: "replace", kind: "messages", id, version, value }])).done);
    };

    /** What the workers could not send is sent as in any installation: the tick publishes it again. */
    const finish = async (cold: Shared, ids: readonly string[]): Promise<void> => {
      if (name !== "SQLite") return;
      const { system } = cold;
      for (const id of ids) await endLease(cold, id);
      const take = deliverMail(system);
      const tick = dispatchDue({
        ...system,
        publisher: {
          publish: async (topic, { data, attributes }) => {
            const message = { data: Buffer.from(JSON.stringify(data)), attributes, messageId: "1", deliveryAttempt: 1 };
            if (topic === "mail-send") await take(message);
          },
        },
      });
      await eventually(
        "all are sent",
        async () => {
          await tick({ data: Buffer.from("{}"), attributes: {}, messageId: "1", deliveryAttempt: 1 });
          const page = await system.records.query("messagesNewest", {}, { limit: 100 });
          assert.ok(page !== "bad_cursor");
          return page.items.every(({ value }) => value.status === "sent");
        },
        240_000,
      );
      await Promise.all(Object.values(system.transports).map((transport) => transport.close()));
    };

    const workers = async (
      { path, environment }: Shared,
      ids: readonly string[],
      count: number = processes,
    ): Promise<void> => {
      const each = ids.length / count;
      const started = await Promise.all(
        Array.from({ length: count }, (_, at) =>
          startWorker([path, "", ...ids.slice(at * each, (at + 1) * each)], environment),
        ),
      );
      await Promise.all(started.map(run));
    };

    const grants = (): number => sandbox.control.counters().tokenGrants.refresh_token[ADA] ?? 0;
    const subjects = (): number[] =>
      sandbox.control
        .mails()
        .map(({ raw }) => Number(/^Subject: No (\d+)/m.exec(String(raw))?.[1]))
        .sort((a, b) => a - b);

    /** Every mail is sent once; none is sent twice if some are left to later ticks. */
    const assertArrived = (): void => {
      const found = subjects();
      assert.ok(found.length > 0);
      assert.deepEqual(found, name === "SQLite" ? [...Array(mails).keys()] : [...new Set(found)]);
    };

    it("cost one token", { timeout: 280_000 }, async () => {
      const cold = await coldStore();
      const ids = await accept(cold);
      const before = grants();
      await workers(cold, ids);
      assert.equal(grants() - before, 1);
      await finish(cold, ids);
      assert.equal(grants() - before, 1);
      assertArrived();
      cold.close();
    });

    it("cost two if the process that asked was killed before it could store the answer", {
      timeout: 280_000,
    }, async () => {
      const cold = await coldStore();
      const ids = await accept(cold);
      const before = grants();
      const mortal = await startWorker([cold.path, "mortal", ids[0] ?? ""], cold.environment);
      assert.equal(await run(mortal), "SIGKILL");
      assert.equal(grants() - before, 1);
      await workers(cold, ids, Math.ceil(processes / 2));
      await finish(cold, ids);
      assert.equal(grants() - before, 2);
      assertArrived();
      cold.close();
    });
  });
}

type Environment = Readonly<Record<string, string>>;

/** Each store is a file of its own. */
const onSqlite = (environment: Environment, closers: (() => unknown)[]): (() => Promise<Shared>) => {
  const folder = mkdtempSync(join(tmpdir(), "relais-cold-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  let serial = 0;
  return async () => {
    serial += 1;
    const path = join(folder, `${serial}.sqlite`);
    const config = loadConfig(environment);
    const clock = systemClock(config.timeScale);
    const sealer = jweSealer({ current: { kid: "test", key: new Uint8Array(32) } });
    const store = openSqliteStore({ path, clock, random: systemRandom, sealer });
    const embedded = async () => ({ ...store, sealer });
    const system = compose(config, { component: "test", write: () => undefined, embedded });
    return { environment, path, system, close: store.close };
  };
};

/** Each store is a project of its own on the emulators. */
const onGoogle = async (environment: Environment, closers: (() => unknown)[]): Promise<() => Promise<Shared>> => {
  const emulators = await useEmulators();
  const standIn = await startSecretManagerStandIn();
  closers.push(emulators.stop, standIn.close);
  return async () => {
    const projectId = testProject();
    await fixedSecrets(standIn.host, projectId);
    const own = {
      ...environment,
      RELAIS_STORE: "google",
      GOOGLE_CLOUD_PROJECT: projectId,
      FIRESTORE_EMULATOR_HOST: emulators.firestoreHost,
      PUBSUB_EMULATOR_HOST: emulators.pubsubHost,
      SECRET_MANAGER_EMULATOR_HOST: standIn.host,
      RELAIS_PUBLIC_URL: "http://localhost:8080",
      RELAIS_SETUP_TOKEN: "setup-token-of-this-test",
    };
    const composed = compose(loadConfig(own), { component: "test", write: () => undefined });
    // There is no topic, so each worker is given its messages.
    const system = telling({
      ...composed,
      publisher: { publish: async () => undefined },
      announce: async () => undefined,
    });
    return { environment: own, path: "", system, close: () => undefined };
  };
};
