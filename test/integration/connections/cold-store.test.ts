import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { jweSealer } from "../../../functions/adapters/sealing/jwe-sealer.ts";
import { openSqliteStore } from "../../../functions/adapters/sqlite/open.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../../functions/domain/messages/message-input.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { firstSettings, SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { onPush as deliverMail } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { eventually } from "../../builders/eventually.ts";
import { grant, mailServer } from "../../builders/mail-server.ts";
import { connect } from "../../google-sandbox/client-program.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

const WORKER = fileURLToPath(new URL("./cold-store.worker.ts", import.meta.url));
const ADA = "ada@example.com";
const SERVER = "srv_ada";
const PROCESSES = 5;
const EACH = 10;

/** A process that waits for the word. */
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

describe("50 mails at once, by five processes on one store that holds no access token", () => {
  let sandbox: GoogleSandbox;
  let folder: string;
  let serial = 0;
  before(async () => {
    sandbox = await startGoogleSandbox();
    folder = mkdtempSync(join(tmpdir(), "relais-cold-"));
  });
  after(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => sandbox.control.clearMails());

  /** Shortens what a killed process leaves: its lease on the token to a second and a half, that on its message to some more. */
  const environment = () => ({ ...sandbox.environment, RELAIS_TIME_SCALE: "60" });

  const coldStore = async () => {
    serial += 1;
    const path = join(folder, `${serial}.sqlite`);
    const config = loadConfig(environment());
    const clock = systemClock(config.timeScale);
    const sealer = jweSealer({ current: { kid: "test", key: new Uint8Array(32) } });
    const store = openSqliteStore({ path, clock, random: systemRandom, sealer });
    const embedded = async () => ({ ...store, sealer });
    const system = compose(config, { component: "test", write: () => undefined, embedded });
    const tokens = await connect(sandbox);
    const refreshToken = new Secret(tokens.body.refresh_token ?? assert.fail("no refresh token"));
    const secretVersion = await store.vault.add({ kind: "refresh_token", serverId: SERVER }, refreshToken);
    const clientVersion = await store.vault.add({ kind: "client_secret" }, new Secret(sandbox.client.secret));
    const { id: clientId } = sandbox.client;
    const gmailCredentials = { clientId, secretVersion: clientVersion, configuredAtMs: clock.nowMs() };
    const times = { connectedAtMs: clock.nowMs(), lastVerifiedAtMs: clock.nowMs() };
    const connection = { state: "valid", grant: grant({ secretVersion, clientId, ...times }) } as const;
    const server = mailServer({ connection, limits: { perMinute: 1_000, perDay: 2_000 } });
    await store.records.commit([
      {
        op: "create",
        kind: "settings",
        id: SETTINGS_ID,
        value: { ...firstSettings(system.environment), gmailCredentials },
      },
      { op: "create", kind: "mailServers", id: SERVER, value: server },
    ]);
    return { path, store, system };
  };

  const accept = async ({ system }: Awaited<ReturnType<typeof coldStore>>): Promise<string[]> => {
    const ids: string[] = [];
    for (let at = 0; at < PROCESSES * EACH; at += 1) {
      const json = { server: SERVER, to: "b@example.org", subject: `No ${at}`, text: "Bonjour" };
      const submission = { principal: { kind: "setup" }, json, idempotencyKey: null } as const;
      const accepted = await acceptMessage(system, { ...submission, sizeLimit: HTTP_SIZE_LIMIT });
      assert.ok(accepted.ok && accepted.value.kind === "accepted", JSON.stringify(accepted));
      ids.push(accepted.value.message.id);
    }
    return ids;
  };

  /** What the workers had to leave is sent as in any installation: published again by the tick. */
  const finish = async ({ system, store }: Awaited<ReturnType<typeof coldStore>>): Promise<void> => {
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
        const page = await store.records.query("messagesNewest", {}, { limit: 100 });
        assert.ok(page !== "bad_cursor");
        return page.items.every(({ value }) => value.status === "sent");
      },
      60_000,
    );
    await Promise.all(Object.values(system.transports).map((transport) => transport.close()));
  };

  const grants = (): number => sandbox.control.counters().tokenGrants.refresh_token[ADA] ?? 0;
  const subjects = (): number[] =>
    sandbox.control
      .mails()
      .map(({ raw }) => Number(/^Subject: No (\d+)/m.exec(String(raw))?.[1]))
      .sort((a, b) => a - b);

  it("cost one token grant", async () => {
    const cold = await coldStore();
    const ids = await accept(cold);
    const before = grants();
    const workers = await Promise.all(
      Array.from({ length: PROCESSES }, (_, at) =>
        startWorker([cold.path, "", ...ids.slice(at * EACH, (at + 1) * EACH)], environment()),
      ),
    );
    await Promise.all(workers.map(run));
    assert.equal(grants() - before, 1);
    await finish(cold);
    assert.equal(grants() - before, 1);
    assert.deepEqual(subjects(), [...Array(PROCESSES * EACH).keys()]);
    cold.store.close();
  });

  it("cost two where the one that asked was killed before it could store the answer", async () => {
    const cold = await coldStore();
    const ids = await accept(cold);
    const before = grants();
    const mortal = await startWorker([cold.path, "mortal", ids[0] ?? ""], environment());
    assert.equal(await run(mortal), "SIGKILL");
    assert.equal(grants() - before, 1);
    const workers = await Promise.all(
      Array.from({ length: PROCESSES }, (_, at) =>
        startWorker([cold.path, "", ...ids.slice(at * EACH, (at + 1) * EACH)], environment()),
      ),
    );
    await Promise.all(workers.map(run));
    await finish(cold);
    assert.equal(grants() - before, 2);
    assert.deepEqual(subjects(), [...Array(PROCESSES * EACH).keys()]);
    cold.store.close();
  });
});
