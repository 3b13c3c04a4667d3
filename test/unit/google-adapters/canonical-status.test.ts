import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { openDatabase } from "../../../functions/adapters/firestore/database.ts";
import { firestoreRecords } from "../../../functions/adapters/firestore/firestore-records.ts";
import {
  CANONICAL_STATUSES,
  type CanonicalStatus,
  GoogleApiError,
} from "../../../functions/adapters/google-cloud/canonical-status.ts";
import { type GoogleCalls, googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { pubsubPublisher } from "../../../functions/adapters/pubsub/pubsub-publisher.ts";
import { openSecretManager } from "../../../functions/adapters/secret-manager/client.ts";
import { secretManagerVault } from "../../../functions/adapters/secret-manager/secret-manager-vault.ts";
import { patienceOf } from "../../../functions/domain/patience.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import type { Publisher } from "../../../functions/domain/publisher.ts";
import type { Records, Write } from "../../../functions/domain/records.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import type { SecretVault } from "../../../functions/domain/secret-vault.ts";
import { testClock } from "../../builders/clock.ts";
import "../../builders/end-when-done.ts";
import { testRandom } from "../../builders/store.ts";

const DEFECTS: readonly CanonicalStatus[] = ["INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"];
/** A server that stands for all of Google's. It answers once the request has arrived completely. */
const listening = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
  const server = createServer((request, response) => {
    request.resume().on("end", () => answer(request, response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, close };
};

interface Services {
  readonly records: Records;
  readonly vault: SecretVault;
  readonly publisher: Publisher;
}

/** The adapters in front of such a server. */
const servicesAt = (host: string): Services => {
  const clock = testClock();
  const patience = () => patienceOf(clock, { totalMs: 60_000, failsFast: true });
  // Each call creates them again, because what one test makes a service refuse must not keep the next from asking it.
  const calls: GoogleCalls = (call, ...expected) =>
    googleCalls({ clock, random: testRandom, patience })(call, ...expected);
  const accessToken = async () => "ya29.token";
  return {
    records: firestoreRecords({ calls, random: testRandom, database: openDatabase("p", host) }),
    vault: secretManagerVault({ calls, client: openSecretManager(host), projectId: "p" }),
    publisher: pubsubPublisher({ calls, projectId: "p", accessToken, emulatorHost: host }),
  };
};

/** One server that stands for all of Google's, with the adapters in front of it. */
interface Google {
  answer: (response: ServerResponse) => void;
  readonly services: Services;
  readonly close: () => Promise<void>;
}

const startGoogle = async (): Promise<Google> => {
  const { host, close } = await listening((_, response) => google.answer(response));
  const google: Google = { answer: (response) => void response.destroy(), services: servicesAt(host), close };
  return google;
};

const replying = (status: number, body: string) => (response: ServerResponse) =>
  void response.writeHead(status, { "content-type": "application/json" }).end(body);
// Over REST an HTTP status says less than the name, so a wrong one must not mislead.
const refusing = (status: string, httpStatus = 418) =>
  replying(httpStatus, JSON.stringify({ error: { code: httpStatus, status, message: "said Google" } }));
const inList = (status: string) =>
  replying(418, JSON.stringify([{ error: { code: 418, status, message: "said Google" } }]));

const write: Write = { op: "create", kind: "serverNames", id: "a", value: { serverId: "srv_1" } };
const token = { kind: "refresh_token", serverId: "srv_1" } as const;
type Act = (of: Services) => Promise<unknown>;
const add: Act = ({ vault }) => vault.add(token, new Secret("canary"));
const publish: Act = ({ publisher }) => publisher.publish("mail-send", { data: 1, attributes: {} });
const acts: readonly [name: string, expected: readonly CanonicalStatus[], act: Act][] = [
  ["reading a record", [], ({ records }) => records.get("keys", "a")],
  ["querying records", [], ({ records }) => records.query("keysByAge", {}, { limit: 1 })],
  ["writing records", ["FAILED_PRECONDITION", "ALREADY_EXISTS", "NOT_FOUND"], ({ records }) => records.commit([write])],
  ["reading a secret", ["FAILED_PRECONDITION", "NOT_FOUND"], ({ vault }) => vault.read(token, "1")],
  ["adding a secret", ["NOT_FOUND", "ALREADY_EXISTS"], add],
  ["listing versions", ["NOT_FOUND"], ({ vault }) => vault.versions(token)],
  ["destroying a version", ["FAILED_PRECONDITION", "NOT_FOUND"], ({ vault }) => vault.destroy(token, "1")],
  ["publishing", [], publish],
];

// All run at once, each against a Google of its own.
describe("a refusal by one of Google's services", { concurrency: true }, () => {
  for (const [name, expected, act] of acts)
    describe(name, { concurrency: 1 }, () => {
      let google: Google;
      before(async () => {
        google = await startGoogle();
      });
      after(() => google.close());

      for (const status of CANONICAL_STATUSES.filter((one) => !expected.includes(one))) {
        test(`${name}: ${status} is recognized by its name whatever the HTTP status`, async () => {
          google.answer =
            name === "reading a record" || name === "querying records" ? inList(status) : refusing(status);
          await assert.rejects(act(google.services), (error) => {
            assert.ok(error instanceof Error && error.cause instanceof GoogleApiError, String(error));
            assert.equal(error.cause.status, status, error.cause.message);
            assert.equal(error instanceof Unavailable, !DEFECTS.includes(status));
            return true;
          });
        });
      }

      test(`${name}: an answer without a name proves nothing about the object`, async () => {
        for (const [httpStatus, body] of [
          [404, "<html>a proxy's page</html>"],
          [404, ""],
          [404, "{}"],
          [409, "<html>"],
          [400, '{"error": "x"}'],
          [502, "<html>"],
        ] as const) {
          google.answer = replying(httpStatus, body);
          await assert.rejects(act(google.services), Unavailable, `${httpStatus} ${body}`);
        }
      });

      test(`${name}: a lost connection is Unavailable`, async () => {
        google.answer = (response) => void response.destroy();
        await assert.rejects(act(google.services), Unavailable);
      });

      test(`${name}: a success that is not JSON is Unavailable`, async () => {
        google.answer = replying(200, "<html>");
        await assert.rejects(act(google.services), Unavailable);
      });
    });

  test("a failed precondition makes the store read the documents", async () => {
    const seen: string[] = [];
    let first = true;
    const google = await listening((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const missing = JSON.stringify([
        { missing: "projects/p/databases/(default)/documents/serverNames/a", readTime: "2026-01-01T00:00:00Z" },
      ]);
      (first ? refusing("FAILED_PRECONDITION", 400) : replying(200, missing))(response);
      first = !first;
    });
    const { records } = servicesAt(google.host);
    await assert.rejects(records.commit([write]), Unavailable, "it holds whenever it is looked at");
    assert.deepEqual(
      seen.slice(0, 2).map((line) => line.replace(/.*:(\w+)$/, "$1")),
      ["commit", "batchGet"],
    );
    await google.close();
  });

  test("no error contains the token or the secret", async () => {
    const google = await startGoogle();
    for (const act of [add, publish]) {
      await assert.rejects(act(google.services), (error: Error) => {
        const all = `${error.stack}${JSON.stringify(error)}${(error.cause as Error).stack}${JSON.stringify(error.cause)}`;
        assert.doesNotMatch(all, /ya29|canary|Y2FuYXJ5/);
        return true;
      });
    }
    await google.close();
  });
});
