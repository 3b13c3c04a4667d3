import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import PostalMime from "postal-mime";
import { openDatabase } from "../../../functions/adapters/firestore/database.ts";
import { firestoreRecords } from "../../../functions/adapters/firestore/firestore-records.ts";
import { googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { DEFAULT_DATABASE } from "../../../functions/adapters/google-cloud/installation.ts";
import { listRecords } from "../../../functions/domain/every-record.ts";
import { TOPIC_SIZE_LIMIT } from "../../../functions/domain/messages/accept/message-input.ts";
import { RAW_SIZE_LIMIT } from "../../../functions/domain/messages/accept/raw-input.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { connectedServer } from "../../builders/connected-stack.ts";
import { type DeployedStack, INSTALLED_FRAMEWORK, startDeployedStack } from "../../builders/deployed-stack.ts";
import { emulatorsMissing } from "../../builders/emulators.ts";
import { eventually } from "../../builders/eventually.ts";
import { memoryLimitMib } from "../../builders/memory-limit.ts";
import { DATE, mailOfSize, rawMail } from "../../builders/raw-mail.ts";
import { testRandom } from "../../builders/store.ts";

/** Each function runs in its own process from `dist/`, with only Firestore, Secret Manager and Pub/Sub between them. */
describe("the deployed functions", { skip: emulatorsMissing() }, () => {
  let stack: DeployedStack;
  let server: string;
  before(async () => {
    stack = await startDeployedStack({}, INSTALLED_FRAMEWORK);
  });
  after(() => stack?.stop());
  afterEach((context) => {
    // The output of the functions is the only trace of a fault in another process.
    if ("passed" in context && context.passed === false) for (const line of stack.faults()) console.error(line);
  });

  const accepted = async (body: object): Promise<{ readonly id: string; readonly messageId: string }> => {
    const response = await stack.relais.operate("POST", "/v1/messages", body);
    const answer = await response.json();
    assert.equal(response.status, 202, JSON.stringify(answer));
    return answer;
  };
  const arrived = (messageId: string) =>
    eventually(
      `${messageId} arrives`,
      () => stack.sandbox.control.mails().find((mail) => mail.messageId === messageId),
      240_000,
    );
  const openRecords = (databaseId = stack.variables.RELAIS_DATABASE): Records => {
    const { GOOGLE_CLOUD_PROJECT = "", FIRESTORE_EMULATOR_HOST = "" } = stack.variables;
    const calls = googleCalls({ clock: systemClock(), random: testRandom });
    const database = openDatabase(GOOGLE_CLOUD_PROJECT, FIRESTORE_EMULATOR_HOST, databaseId);
    return firestoreRecords({ calls, random: testRandom, database });
  };
  /** Changes the store to how it is when the time for a search of the message has come. */
  const aMinuteLater = async (id: string): Promise<void> => {
    const records = openRecords();
    const record = await records.get("messages", id);
    assert.equal(record?.value.status, "queued");
    const value = { ...record.value, dueAtMs: Date.now() - 1 };
    const { version } = record;
    const outcome = await records.commit([{ op: "replace", kind: "messages", id, version, value }]);
    assert.ok(outcome.done);
  };
  const view = async (path: string) => (await stack.relais.operate("GET", path)).json();

  it("answer a caller without a credential before any store is loaded", async () => {
    assert.equal((await stack.relais.request("/v1/messages")).status, 401);
    assert.equal((await stack.relais.request("/health")).status, 200);
  });

  it("save the credentials, create a server and connect it through Google's consent", async () => {
    server = await connectedServer(stack);
    const { connection } = await view(`/v1/mail-servers/${server}`);
    assert.equal(connection.state, "valid");
    assert.equal(connection.email, "ada@example.com");
  });

  it("pass Test connection at every stage", async () => {
    const response = await stack.relais.operate("POST", `/v1/mail-servers/${server}/test`);
    const tested = await response.json();
    assert.equal(tested.ok, true, JSON.stringify(tested));
    assert.deepEqual(
      tested.stages.map(({ stage }: { stage: string }) => stage),
      ["token", "scope", "identity", "dns", "tls", "auth", "envelope"],
    );
  });

  it("deliver a posted message, and report it", async () => {
    const { id, messageId } = await accepted({
      to: ["b@example.org"],
      subject: "Votre facture",
      text: "Bonjour Élodie",
    });
    const mail = await PostalMime.parse((await arrived(messageId)).raw);
    assert.equal(mail.subject, "Votre facture");
    assert.equal(mail.text?.trim(), "Bonjour Élodie");
    await eventually("its record says sent", async () => (await view(`/v1/messages/${id}`)).status === "sent");
    assert.ok(
      await eventually("mail-events tells of it", async () =>
        (await stack.takeEvents()).find((event) => event.type === "relais.message.sent.v1"),
      ),
    );
  });

  it("deliver by the Gmail API too, with Google's client as it is bundled", async () => {
    const api = { name: "Newsletter", username: "grace@example.com", transport: "gmail_api" };
    const { messageId } = await accepted({
      server: await connectedServer(stack, api),
      to: ["b@example.org"],
      subject: "Par l'API",
      text: "x",
    });
    assert.equal((await PostalMime.parse((await arrived(messageId)).raw)).subject, "Par l'API");
  });

  it("deliver a mail that a program published on the topic", async () => {
    const mail = { to: "b@example.org", subject: "By Pub/Sub", text: "x" };
    await stack.publish("mail-send", JSON.stringify(mail), { idempotencyKey: "one" });
    await eventually("it arrives", () =>
      stack.sandbox.control.mails().find(({ raw }) => raw.includes("Subject: By Pub/Sub")),
    );
  });

  it("record a message with bad JSON as failed, once, and acknowledge it", async () => {
    const pubsubId = await stack.publish("mail-send", '{"to": ');
    const failed = await eventually("it is recorded", async () => {
      const { items } = await view("/v1/messages?status=failed");
      return items.length > 0 ? items : undefined;
    });
    assert.equal(failed.length, 1);
    assert.equal(
      failed[0].attempts?.[0]?.problem ?? (await view(`/v1/messages/${failed[0].id}`)).attempts[0].problem,
      "invalid_json",
    );
    const push = await eventually("the push is answered", () =>
      stack.pushes.find(({ messageId, status }) => messageId === pubsubId && status !== null),
    );
    assert.equal(push.status, 204, "Pub/Sub sends what was acknowledged no second time");
    // The emulator would have sent it again within a second; a mail that is published now arrives after that.
    const { messageId } = await accepted({ to: ["b@example.org"], subject: "Afterwards", text: "x" });
    await arrived(messageId);
    assert.equal(stack.pushes.filter((one) => one.messageId === pubsubId).length, 1);
  });

  it("deliver a composed mail of 7,000,000 bytes that a program published on the topic, and record a larger one as failed", async () => {
    const head = rawMail(["From: ada@example.com", "To: b@example.org", DATE, "Message-ID: <topic@erp.example.com>"]);
    const mail = mailOfSize(TOPIC_SIZE_LIMIT - 2, head);
    const publish = (bytes: Buffer, idempotencyKey: string) =>
      stack.publish(
        "mail-send",
        JSON.stringify({ raw: bytes.toString("base64url"), envelope: { to: ["hidden@example.org"] } }),
        { idempotencyKey },
      );
    await publish(Buffer.concat([mail, Buffer.from("\r\n")]), "raw");
    const { raw, envelope } = await arrived("<topic@erp.example.com>");
    assert.ok(raw.equals(Buffer.concat([mail, Buffer.from("\r\n")])), "byte for byte");
    assert.deepEqual(envelope.to, ["hidden@example.org"]);
    await publish(Buffer.concat([mail, Buffer.from("xyz\r\n")]), "raw, too large");
    await eventually("it is recorded", async () => {
      const { items } = await view("/v1/messages?status=failed");
      const [newest] = items;
      if (newest === undefined) return false;
      return (await view(`/v1/messages/${newest.id}`)).attempts[0]?.problem === "message_too_large";
    });
  });

  it("deliver a composed mail of 33,000,000 bytes, and erase its chunks", async () => {
    const head = rawMail(["From: ada@example.com", "To: b@example.org", DATE, "Message-ID: <large@erp.example.com>"]);
    // Octets beyond ASCII take most room as text.
    const line = Buffer.concat([Buffer.alloc(900, 0xe9), Buffer.from("\r\n")]);
    const mail = Buffer.concat([head, Buffer.alloc(RAW_SIZE_LIMIT - head.length - 2, line), Buffer.from("\r\n")]);
    const answer = await stack.relais.request("/v1/messages?scheduledAt=2099-01-31T09:00:00Z", {
      method: "POST",
      headers: { Authorization: `Bearer ${stack.relais.setupToken}`, "Content-Type": "message/rfc822" },
      body: new Uint8Array(mail),
    });
    const { id } = await answer.json();
    assert.equal(answer.status, 202);
    const records = openRecords();
    const body = (await records.get("messages", id))?.value.body;
    assert.ok(body?.kind === "raw_chunks" && body.count > 50, body?.kind);
    const now = { scheduledAt: new Date().toISOString() };
    assert.equal((await stack.relais.operate("PATCH", `/v1/messages/${id}`, now)).status, 200);
    const { raw } = await arrived("<large@erp.example.com>");
    assert.ok(raw.equals(mail), "byte for byte");
    await eventually("it is sent", async () => (await view(`/v1/messages/${id}`)).status === "sent");
    for (const part of [0, body.count - 1, "marker"]) {
      const chunk = `${body.set}.${part}`;
      await eventually(`${chunk} is erased`, async () => (await records.get("bodyChunks", chunk)) === undefined);
    }
    for (const name of ["send-mail", "deliver-mail"] as const) {
      const peakMib = stack.peakBytes(name) / 2 ** 20;
      console.log(
        `${name}: 33 MB of composed mail, peak ${peakMib.toFixed(0)} MiB resident of ${memoryLimitMib(name)}`,
      );
      assert.ok(peakMib < memoryLimitMib(name), `${name} would be ended by the platform`);
    }
  });

  it("check a server: refresh-tokens asks Google for a token and stores it", async () => {
    const before = await view(`/v1/mail-servers/${server}`);
    await stack.publish("token-checks", JSON.stringify({ server }), { relais: "check" });
    await eventually("the check is written down", async () => {
      const { connection } = await view(`/v1/mail-servers/${server}`);
      return connection.state === "valid" && connection.lastVerifiedAt > before.connection.lastVerifiedAt;
    });
  });

  it("publish a lost message again: dispatch-due finds it on a tick", async () => {
    stack.loseNextPush("deliver-mail");
    const { id, messageId } = await accepted({ to: ["b@example.org"], subject: "Lost", text: "x" });
    await eventually("its push is lost", () =>
      stack.pushes.find(({ to, status }) => to === "deliver-mail" && status === 204 && pushedLast(stack)),
    );
    await aMinuteLater(id);
    await eventually("a tick finds it due", async () => {
      await stack.publish("mail-dispatch", JSON.stringify({ tick: true }), { relais: "tick" });
      return stack.sandbox.control.mails().some((mail) => mail.messageId === messageId);
    });
    await eventually("it is sent", async () => (await view(`/v1/messages/${id}`)).status === "sent");
    assert.equal(stack.sandbox.control.mails().filter((mail) => mail.messageId === messageId).length, 1);
  });

  it("keep everything under the names of their installation", async () => {
    const { RELAIS_PREFIX } = stack.variables;
    const others = stack.secrets().filter((secret) => !secret.startsWith(`${RELAIS_PREFIX}-relais-`));
    assert.deepEqual(others, []);
    assert.ok(stack.secrets().some((secret) => secret.includes("-relais-refresh-")));
    const elsewhere = openRecords(DEFAULT_DATABASE);
    assert.deepEqual(await listRecords(elsewhere, "messagesNewest", {}, { most: 1 }), []);
    assert.equal(await elsewhere.get("settings", "settings"), undefined);
  });

  it("accept three posts of 24 MB at once, or answer that they are overloaded; what is accepted arrives byte for byte", async () => {
    const posts = Array.from({ length: 3 }, (_, at) => {
      const content = randomBytes(23_900_000);
      const attachments = [
        { filename: `${at}.bin`, content: content.toString("base64"), contentType: "application/octet-stream" },
      ];
      return { content, body: { to: ["b@example.org"], subject: `Large ${at}`, text: "x", attachments } };
    });
    const taken = (
      await Promise.all(
        posts.map(async ({ content, body }) => {
          const response = await stack.relais.operate("POST", "/v1/messages", body);
          const answer = await response.json();
          if (response.status === 202) return { content, messageId: String(answer.messageId) };
          assert.equal(response.status, 503, JSON.stringify(answer));
          assert.equal(answer.code, "overloaded");
          assert.ok(Number(response.headers.get("retry-after")) > 0);
          return undefined;
        }),
      )
    ).flatMap((one) => one ?? []);
    assert.ok(taken.length > 0, "one at least is taken");
    for (const { content, messageId } of taken) {
      assert.ok(content.equals(attachmentOf((await arrived(messageId)).raw)), "byte for byte");
    }
    for (const name of ["send-mail", "deliver-mail"] as const) {
      const peakMib = stack.peakBytes(name) / 2 ** 20;
      const limitMib = memoryLimitMib(name);
      console.log(`${name}: ${taken.length} of 3 large posts, peak ${peakMib.toFixed(0)} MiB resident of ${limitMib}`);
      assert.ok(peakMib < limitMib, `${name} would be ended by the platform`);
    }
  });
});

/** The one attachment of a mail; a parser would take a second of processor time for 24 MB. */
const attachmentOf = (raw: Buffer): Buffer => {
  const begin = raw.indexOf("\r\n\r\n", raw.indexOf("\r\nContent-Disposition: attachment;"));
  return Buffer.from(raw.toString("latin1", begin, raw.indexOf("\r\n--", begin)), "base64");
};

const pushedLast = (stack: DeployedStack): boolean => stack.pushes.at(-1)?.to === "deliver-mail";
