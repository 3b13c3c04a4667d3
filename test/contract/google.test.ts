import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { FieldValue } from "@google-cloud/firestore";
import { shardsAdder } from "../../functions/adapters/firestore/add-shards.ts";
import { openDatabase } from "../../functions/adapters/firestore/database.ts";
import { firestoreRecords } from "../../functions/adapters/firestore/firestore-records.ts";
import { emulatorToken } from "../../functions/adapters/google-cloud/credentials.ts";
import { googleCalls } from "../../functions/adapters/google-cloud/google-calls.ts";
import { pubsubPublisher } from "../../functions/adapters/pubsub/pubsub-publisher.ts";
import { sealedTokenVault } from "../../functions/adapters/sealing/sealed-token-vault.ts";
import { twoHomeVault } from "../../functions/adapters/sealing/two-home-vault.ts";
import { openSecretManager } from "../../functions/adapters/secret-manager/client.ts";
import { secretManagerVault } from "../../functions/adapters/secret-manager/secret-manager-vault.ts";
import { MINUTE } from "../../functions/domain/clock.ts";
import { listRecords } from "../../functions/domain/every-record.ts";
import { patienceOf } from "../../functions/domain/patience.ts";
import type { Topic } from "../../functions/domain/publisher.ts";
import { QUERIES, type QueryArguments, type QueryName, type QueryShape } from "../../functions/domain/queries.ts";
import type { Write } from "../../functions/domain/records.ts";
import { jsonData, parsePushEnvelope } from "../../functions/runtime/event-edge.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";
import { testClock } from "../builders/clock.ts";
import { walkAndRecount } from "../builders/counted-walk.ts";
import { acceptedMessage } from "../builders/delivery.ts";
import { type Emulators, emulatorsMissing, testProject, useEmulators } from "../builders/emulators.ts";
import { plainFirestore } from "../builders/plain-firestore.ts";
import { watchQueries } from "../builders/query-watch.ts";
import { startSecretManagerStandIn } from "../builders/secret-manager-stand-in.ts";
import { testRandom, testSealer } from "../builders/store.ts";
import { auditListContract } from "./audit-list-contract.ts";
import { erasureContract } from "./erasure-contract.ts";
import { messageListContract } from "./message-list-contract.ts";
import { publisherContract, type Subscriber } from "./publisher-contract.ts";
import { recordsContract } from "./records-contract.ts";
import { secretVaultContract } from "./secret-vault-contract.ts";

// Builds them as `runtime/compose.ts` does, with more patience: a busy machine's emulators may need it.
const clock = systemClock();
const patience = () => patienceOf(clock, { totalMs: 120_000, failsFast: true });
const calls = googleCalls({ clock, random: testRandom, patience });

secretVaultContract("Secret Manager's stand-in", async () => {
  const standIn = await startSecretManagerStandIn();
  const client = openSecretManager(standIn.host);
  return { vault: secretManagerVault({ calls, client, projectId: testProject() }), close: standIn.close };
});

/** Refresh tokens have two homes; what one setting stored, the other reads. */
const twoHomes = async (firestoreHost: string, refreshTokens: "secrets" | "sealed") => {
  const projectId = testProject();
  const standIn = await startSecretManagerStandIn();
  const secrets = secretManagerVault({ calls, client: openSecretManager(standIn.host), projectId });
  const records = firestoreRecords({ calls, random: testRandom, database: openDatabase(projectId, firestoreHost) });
  const sealed = sealedTokenVault({ records, sealer: testSealer(), clock, random: testRandom });
  return { vault: twoHomeVault({ secrets, sealed, refreshTokens }), close: standIn.close };
};

describe("on Google's emulators", { skip: emulatorsMissing() }, () => {
  let emulators: Emulators;
  before(async () => {
    emulators = await useEmulators();
  });
  after(() => emulators.stop());

  recordsContract("Firestore", async () => {
    const projectId = testProject();
    const handle = () =>
      firestoreRecords({ calls, random: testRandom, database: openDatabase(projectId, emulators.firestoreHost) });
    return { records: handle(), other: handle(), close: async () => undefined };
  });

  for (const home of ["secrets", "sealed"] as const)
    secretVaultContract(`Secret Manager's stand-in and Firestore, refresh tokens in ${home}`, () =>
      twoHomes(emulators.firestoreHost, home),
    );

  auditListContract(
    "Firestore",
    async () => {
      const database = openDatabase(testProject(), emulators.firestoreHost);
      return { records: firestoreRecords({ calls, random: testRandom, database }), close: async () => undefined };
    },
    { filters: 15 },
  );

  messageListContract(
    "Firestore",
    async () => {
      const database = openDatabase(testProject(), emulators.firestoreHost);
      return { records: firestoreRecords({ calls, random: testRandom, database }), close: async () => undefined };
    },
    { filters: 15, messages: 60 },
  );

  erasureContract("Firestore", async () => {
    const database = openDatabase(testProject(), emulators.firestoreHost);
    return { records: firestoreRecords({ calls, random: testRandom, database }), close: async () => undefined };
  });

  test("the statistics say what a recount of all messages says", { timeout: 240_000 }, async () => {
    const open = () => openDatabase(testProject(), emulators.firestoreHost);
    const records = () => firestoreRecords({ calls, random: testRandom, database: open() });
    const seen = await walkAndRecount({ walks: 4, steps: 30 }, records);
    // Recipients, and at least one way in which a message ended: so few random steps may not show more.
    assert.ok(seen.size > 1, [...seen].join(", "));
  });

  test("recognises by its mark that a commit whose answer was lost succeeded, and does not mistake it for another's", async () => {
    const projectId = testProject();
    const proxy = await losingFirstCommit(emulators.firestoreHost);
    const through = (host: string) =>
      firestoreRecords({ calls, random: testRandom, database: openDatabase(projectId, host) });
    try {
      const outcome = await through(proxy.host).commit([
        { op: "create", kind: "serverNames", id: "a", value: { serverId: "srv_1" } },
        { op: "put", kind: "serverNames", id: "b", value: { serverId: "srv_1" } },
      ]);
      assert.ok(outcome.done);
      assert.equal(proxy.commits(), 2, "it was repeated");
      const records = through(emulators.firestoreHost);
      assert.equal((await records.get("serverNames", "a"))?.version, outcome.versions[0]);
      assert.equal((await records.get("serverNames", "b"))?.version, outcome.versions[1]);
    } finally {
      await proxy.close();
    }
  });

  test("finds records that an earlier release wrote without shards once they were given some, and page by page", async () => {
    const database = openDatabase(testProject(), emulators.firestoreHost);
    const records = firestoreRecords({ calls, random: testRandom, database });
    const [ids, nowMs] = [Array.from({ length: 230 }, (_, n) => `msg_${n}`), clock.nowMs()];
    const writes = ids.map((id, n): Write => {
      const at = nowMs - 1_000 * (n + 1);
      const value = { ...acceptedMessage({ ...testClock(), nowMs: () => at }, id), dueAtMs: at };
      return { op: "create", kind: "messages", id, value };
    });
    for (let at = 0; at < writes.length; at += 20) await records.commit(writes.slice(at, at + 20));
    const without = FieldValue.delete();
    const old = ids.filter((_, n) => n % 5 === 0);
    const messages = database.collection("messages");
    const batch = database.batch();
    for (const id of old) batch.update(messages.doc(id), { listShard: without, dueShard: without });
    await batch.commit();
    const found = async (query: "messagesNewest" | "messagesDue"): Promise<readonly string[]> => {
      const args = query === "messagesDue" ? { upTo: nowMs } : {};
      const all = await listRecords(records, query, args as { readonly upTo: number }, { most: 1_000 });
      return all.map(({ id }) => id);
    };
    assert.equal((await found("messagesDue")).length, ids.length - old.length);
    const add = shardsAdder({ calls, database, clock });
    assert.equal(await add(nowMs - 1), 0, "the time is over");
    assert.equal(await add(clock.nowMs() + 60_000), old.length);
    assert.deepEqual(await found("messagesNewest"), ids);
    assert.deepEqual(await found("messagesDue"), ids.toReversed());
    const newest = await records.query("messagesNewest", {}, { limit: 7 });
    assert.ok(newest !== "bad_cursor");
    const second = await records.query("messagesNewest", {}, { limit: 7, cursor: newest.next });
    assert.deepEqual(second !== "bad_cursor" && second.items.map(({ id }) => id), ids.slice(7, 14));

    // An earlier release that ran for a while longer: the second pass finds what it wrote, and then the walk is over.
    await messages.doc("msg_3").update({ listShard: without });
    assert.equal(await add(clock.nowMs() + 60_000), 0, "the second pass is not due yet");
    const later = { nowMs: () => clock.nowMs() + 16 * MINUTE, lasting: (ms: number) => ms };
    const addLater = shardsAdder({ calls, database, clock: later });
    assert.equal(await addLater(later.nowMs() + 60_000), 1);
    await messages.doc("msg_3").update({ listShard: without });
    assert.equal(await shardsAdder({ calls, database, clock: later })(later.nowMs() + 60_000), 0);
  });

  test("recognises every query of the table on its way to the emulator, and notices one that is not in it", async () => {
    const watch = await watchQueries(emulators.unwatchedFirestoreHost);
    const database = openDatabase(testProject(), watch.host);
    const records = firestoreRecords({ calls, random: testRandom, database });
    try {
      const names = Object.keys(QUERIES) as readonly QueryName[];
      for (const name of names) {
        const { equal, contains, upTo }: QueryShape = QUERIES[name];
        const fields = [...equal, ...(contains === undefined ? [] : [contains])];
        const args = { ...Object.fromEntries(fields.map((field) => [field, "x"])), ...(upTo && { upTo: 1 }) };
        // The types tie each query to its own arguments; here they come from the table itself.
        await records.query(name, args as QueryArguments<QueryName>, { limit: 1 });
      }
      const ofTwo = names.filter((name) => "shards" in QUERIES[name] && QUERIES[name].shards === "dueShard");
      assert.equal(watch.known(), names.length + ofTwo.length, "48 shards need two queries");
      assert.deepEqual(watch.unknownQueries(), []);

      const messages = plainFirestore(testProject(), watch.host).collection("messages");
      await messages.where("subject", "==", "x").orderBy("createdAtMs", "desc").get();
      await messages.where("status", "==", "sent").orderBy("createdAtMs", "desc").orderBy("__name__", "asc").get();
      await messages.count().get();
      await messages.listDocuments();
      assert.deepEqual(watch.unknownQueries(), [
        "messages where subject EQUAL by createdAtMs DESCENDING",
        "messages where status EQUAL by createdAtMs DESCENDING, __name__ ASCENDING",
        "/databases/(default)/documents:runAggregationQuery",
        "/databases/(default)/documents/messages",
      ]);
    } finally {
      await watch.close();
    }
  });

  publisherContract("Pub/Sub", async (subscriber) => {
    const emulatorHost = emulators.pubsubHost;
    const projectId = testProject();
    const endpoint = await pushEndpoint(subscriber);
    const subscription = (topic: Topic) => `projects/${projectId}/subscriptions/${topic}`;
    for (const topic of TOPICS) {
      await ask(emulatorHost, "PUT", `projects/${projectId}/topics/${topic}`, {});
      await ask(emulatorHost, "PUT", subscription(topic), {
        topic: `projects/${projectId}/topics/${topic}`,
        ackDeadlineSeconds: 10,
      });
    }
    return {
      publisher: pubsubPublisher({ calls, projectId, accessToken: emulatorToken, emulatorHost }),
      // Without a push endpoint, a subscription only keeps its messages.
      start: async () => {
        for (const topic of TOPICS) {
          const body = { pushConfig: { pushEndpoint: `${endpoint.origin}/${topic}` } };
          await ask(emulatorHost, "POST", `${subscription(topic)}:modifyPushConfig`, body);
        }
      },
      close: async () => {
        for (const topic of TOPICS) await ask(emulatorHost, "DELETE", subscription(topic));
        await endpoint.close();
      },
    };
  });
});

const TOPICS: readonly Topic[] = ["mail-send", "token-checks", "mail-dispatch"];

const ask = async (host: string, method: string, name: string, body?: object): Promise<void> => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`http://${host}/v1/${name}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
};

/** Forwards requests, but breaks the connection instead of answering the first commit. */
const losingFirstCommit = async (target: string) => {
  let commits = 0;
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const headers = { "content-type": "application/json", authorization: "Bearer owner" };
    const answer = await fetch(`http://${target}${incoming.url}`, {
      method: incoming.method ?? "GET",
      headers,
      body: Buffer.concat(parts),
    });
    const body = await answer.text();
    if (incoming.url?.includes(":commit")) commits += 1;
    if (commits === 1 && incoming.url?.includes(":commit")) return void response.destroy();
    response.writeHead(answer.status, { "content-type": "application/json" }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, commits: () => commits, close };
};

/** Receives pushes as the deployed functions do: 2xx acknowledges, and anything else repeats the message. */
const pushEndpoint = async (subscriber: Subscriber) => {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const push = parsePushEnvelope(Buffer.concat(parts));
    const data = push && jsonData(push);
    if (!push || !data?.ok) return void response.writeHead(400).end();
    const topic = TOPICS.find((one) => request.url === `/${one}`) ?? "mail-events";
    const answer = await subscriber(topic, { data: data.value, attributes: push.attributes }).catch(() => "nack");
    response.writeHead(answer === "ack" ? 204 : 503).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
};
