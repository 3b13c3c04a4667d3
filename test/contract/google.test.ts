import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe } from "node:test";
import { firestoreRecords } from "../../functions/adapters/firestore/firestore-records.ts";
import { emulatorToken } from "../../functions/adapters/google-rest/credentials.ts";
import type { GoogleApi } from "../../functions/adapters/google-rest/google-api.ts";
import { type GoogleService, googleCloudApi } from "../../functions/adapters/google-rest/google-cloud.ts";
import { pubsubPublisher } from "../../functions/adapters/pubsub/pubsub-publisher.ts";
import { secretManagerVault } from "../../functions/adapters/secret-manager/secret-manager-vault.ts";
import type { Topic } from "../../functions/domain/publisher.ts";
import { jsonData, parsePushEnvelope } from "../../functions/runtime/event-edge.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";
import { type Emulators, emulatorsMissing, testProject, useEmulators } from "../builders/emulators.ts";
import { startSecretManagerStandIn } from "../builders/secret-manager-stand-in.ts";
import { testRandom } from "../builders/store.ts";
import { publisherContract, type Subscriber } from "./publisher-contract.ts";
import { recordsContract } from "./records-contract.ts";
import { secretVaultContract } from "./secret-vault-contract.ts";

const apiAt = (host: string, service: GoogleService): GoogleApi =>
  googleCloudApi({ clock: systemClock(), random: testRandom, accessToken: emulatorToken }, service, host);

secretVaultContract("Secret Manager's stand-in", async () => {
  const standIn = await startSecretManagerStandIn();
  return { vault: secretManagerVault(apiAt(standIn.host, "secretmanager"), testProject()), close: standIn.close };
});

describe("on Google's emulators", { skip: emulatorsMissing() }, () => {
  let emulators: Emulators;
  before(async () => {
    emulators = await useEmulators();
  });
  after(() => emulators.stop());

  recordsContract("Firestore", async () => {
    const projectId = testProject();
    const handle = () =>
      firestoreRecords({ api: apiAt(emulators.firestoreHost, "firestore"), random: testRandom, projectId });
    return { records: handle(), other: handle(), close: async () => undefined };
  });

  publisherContract("Pub/Sub", async (subscriber) => {
    const api = apiAt(emulators.pubsubHost, "pubsub");
    const projectId = testProject();
    const endpoint = await pushEndpoint(subscriber);
    const subscription = (topic: Topic) => `projects/${projectId}/subscriptions/${topic}`;
    for (const topic of TOPICS) {
      await put(emulators.pubsubHost, `projects/${projectId}/topics/${topic}`, {});
      await put(emulators.pubsubHost, subscription(topic), {
        topic: `projects/${projectId}/topics/${topic}`,
        ackDeadlineSeconds: 10,
      });
    }
    return {
      publisher: pubsubPublisher(api, projectId),
      // Until it has a push endpoint, a subscription only keeps its messages.
      start: async () => {
        for (const topic of TOPICS) {
          const path = `/v1/${subscription(topic)}:modifyPushConfig`;
          const body = { pushConfig: { pushEndpoint: `${endpoint.origin}/${topic}` } };
          await api.call({ act: "subscribe", method: "POST", path, body, repeatable: true });
        }
      },
      close: async () => {
        for (const topic of TOPICS) {
          await api.call({
            act: "unsubscribe",
            method: "DELETE",
            path: `/v1/${subscription(topic)}`,
            repeatable: true,
          });
        }
        await endpoint.close();
      },
    };
  });
});

const TOPICS: readonly Topic[] = ["mail-send", "token-checks", "mail-dispatch"];

const put = async (host: string, name: string, body: object): Promise<void> => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`http://${host}/v1/${name}`, { method: "PUT", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
};

/** Takes pushes as the deployed functions do: 2xx acknowledges, all else brings the message again. */
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
