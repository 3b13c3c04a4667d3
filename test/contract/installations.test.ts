import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { listRecords } from "../../functions/domain/every-record.ts";
import { Secret } from "../../functions/domain/secret.ts";
import { compose } from "../../functions/runtime/compose.ts";
import { loadConfig } from "../../functions/runtime/config.ts";
import { withPatience } from "../../functions/runtime/patience.ts";
import type { System } from "../../functions/runtime/system.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";
import { testClock } from "../builders/clock.ts";
import { acceptedMessage } from "../builders/delivery.ts";
import { type Emulators, emulatorsMissing, testProject, useEmulators } from "../builders/emulators.ts";
import { type GoogleProject, makeGoogleProject } from "../builders/google-project.ts";
import { type SecretManagerStandIn, startSecretManagerStandIn } from "../builders/secret-manager-stand-in.ts";

/** A busy machine's emulators may need more than a request's patience. */
const patiently = (act: () => Promise<void>): Promise<void> =>
  withPatience(systemClock(), { totalMs: 120_000, failsFast: true }, act);

interface Installation {
  readonly project: GoogleProject;
  readonly system: System;
}

const PLACES = { RELAIS_SECRET_LOCATIONS: "europe-west1,europe-west4" };

/** Composed as a deployed function is, from nothing but its environment. */
describe("four installations in one project", { skip: emulatorsMissing() }, () => {
  let emulators: Emulators;
  let standIn: SecretManagerStandIn;
  let all: readonly Installation[];
  before(async () => {
    [emulators, standIn] = await Promise.all([useEmulators(), startSecretManagerStandIn()]);
    const projectId = testProject();
    const hosts = { ...emulators, secretManagerHost: standIn.host };
    const install = async (prefix: string): Promise<Installation> => {
      const project = await makeGoogleProject(hosts, { projectId, prefix });
      const places = prefix === "b" ? PLACES : {};
      const system = compose(loadConfig({ ...project.variables, ...places }), { component: prefix, write: () => {} });
      return { project, system };
    };
    // `a1` begins with `a`, and the first has no prefix: none of them may see what another has.
    all = [await install(""), await install("a"), await install("a1"), await install("b")];
  });
  after(async () => {
    await standIn?.close();
    await emulators?.stop();
  });

  const eachWithOthers = () => all.map((one) => ({ one, others: all.filter((other) => other !== one) }));

  test("each sees its own records only, by name and by query", { timeout: 240_000 }, () =>
    patiently(async () => {
      for (const [at, { system }] of all.entries()) {
        const outcome = await system.records.commit([
          { op: "create", kind: "serverNames", id: "one", value: { serverId: `srv_${at}` } },
          { op: "create", kind: "messages", id: "msg_1", value: acceptedMessage(testClock(), `msg_${at}`) },
        ]);
        assert.ok(outcome.done, "the same ids are free in each of them");
      }
      for (const [at, { system }] of all.entries()) {
        assert.deepEqual((await system.records.get("serverNames", "one"))?.value, { serverId: `srv_${at}` });
        const found = await listRecords(system.records, "messagesNewest", {}, { most: 10 });
        assert.deepEqual(
          found.map(({ value }) => value.messageId),
          [acceptedMessage(testClock(), `msg_${at}`).messageId],
        );
      }
    }),
  );

  test("each keeps its secrets under its own names: reading, replacing and removing touches no other's", async () => {
    const name = { kind: "refresh_token", serverId: "srv_1" } as const;
    for (const [at, { system }] of all.entries())
      assert.equal(await system.vault.add(name, new Secret(`token ${at}`)), "1");
    for (const [at, { system }] of all.entries())
      assert.equal((await system.vault.read(name, "1"))?.reveal(), `token ${at}`);
    const [first, second, ...rest] = all;
    await second?.system.vault.remove(name);
    assert.equal(await second?.system.vault.read(name, "1"), undefined);
    for (const { system } of [first, ...rest].filter((one) => one !== undefined))
      assert.deepEqual(await system.vault.versions(name), ["1"]);
    assert.deepEqual(
      standIn
        .secrets()
        .filter((secret) => secret.endsWith("srv_1"))
        .toSorted(),
      ["a-relais-refresh-srv_1", "a1-relais-refresh-srv_1", "b-relais-refresh-srv_1", "relais-refresh-srv_1"],
    );
  });

  test("each stores new secrets where its configuration says", async () => {
    const replicationOf = async (secret: string): Promise<unknown> => {
      const { projectId } = all[0]?.project ?? assert.fail();
      const answer = await fetch(`http://${standIn.host}/v1/projects/${projectId}/secrets/${secret}`);
      return (await answer.json()).replication;
    };
    assert.deepEqual(await replicationOf("a-relais-refresh-srv_1"), { automatic: {} });
    assert.deepEqual(await replicationOf("b-relais-refresh-srv_1"), {
      userManaged: { replicas: [{ location: "europe-west1" }, { location: "europe-west4" }] },
    });
  });

  test("what one has sealed, no other opens", async () => {
    for (const { one, others } of eachWithOthers()) {
      const sealed = await one.system.sealer.seal(new Secret("access token"), "accessTokens/1");
      assert.equal((await one.system.sealer.open(sealed, "accessTokens/1"))?.reveal(), "access token");
      for (const { system } of others) assert.equal(await system.sealer.open(sealed, "accessTokens/1"), undefined);
    }
  });

  test("each publishes on its own topics", { timeout: 240_000 }, async () => {
    const topics = ["mail-send", "token-checks", "mail-dispatch", "mail-events"] as const;
    for (const { project } of all)
      for (const topic of topics) {
        const full = `projects/${project.projectId}/topics/${project.named(topic)}`;
        await project.pubsub("PUT", `subscriptions/${project.named(`${topic}-watch`)}`, { topic: full });
      }
    for (const [at, { system }] of all.entries())
      for (const topic of topics)
        await patiently(() => system.publisher.publish(topic, { data: { at, topic }, attributes: {} }));
    for (const [at, { project }] of all.entries())
      for (const topic of topics)
        assert.deepEqual(await pulled(project, `subscriptions/${project.named(`${topic}-watch`)}`), [{ at, topic }]);
  });
});

/** The data of all messages of the subscription; waits for the first. */
const pulled = async ({ pubsub }: GoogleProject, subscription: string): Promise<readonly unknown[]> => {
  const answer = await pubsub("POST", `${subscription}:pull`, { maxMessages: 10 });
  const { receivedMessages = [] } = answer as { receivedMessages?: readonly { readonly message: { data: string } }[] };
  return receivedMessages.map(({ message }) => JSON.parse(Buffer.from(message.data, "base64").toString()));
};
