import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openDatabase } from "../../functions/adapters/firestore/database.ts";
import { firestoreMailDocuments } from "../../functions/adapters/firestore/mail-documents.ts";
import { googleCalls } from "../../functions/adapters/google-cloud/google-calls.ts";
import type { MailDocuments } from "../../functions/domain/documents/mail-documents.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";
import { type Emulators, emulatorsMissing, testProject, useEmulators } from "../builders/emulators.ts";
import { FirestoreDocuments, type PlainFields } from "../builders/firestore-documents.ts";
import { MemoryDocuments } from "../builders/memory-documents.ts";
import { testRandom } from "../builders/store.ts";

/** The application's side of a store of documents, and Relais's. */
interface Ground {
  readonly documents: MailDocuments;
  set(path: string, fields: PlainFields): Promise<void> | void;
  delete(path: string): Promise<void> | void;
}

const database = "(default)";
const at = (path: string) => ({ database, path });

const keepsThePromises = (ground: () => Ground): void => {
  it("reads a document, or some of its fields, with its creation and its version", async () => {
    const { documents, set } = ground();
    await set("mail/read", { to: "b@y.org", delivery: { state: "RETRY" } });
    const whole = await documents.read(at("mail/read"));
    const part = await documents.read(at("mail/read"), ["delivery"]);
    assert.deepEqual(whole?.data, { to: "b@y.org", delivery: { state: "RETRY" } });
    assert.deepEqual(part, { ...whole, data: { delivery: { state: "RETRY" } } });
    assert.equal(await documents.read(at("mail/none")), undefined);
  });

  it("reads many, in order", async () => {
    const { documents, set } = ground();
    await set("users/a", { email: "a@y.org" });
    await set("users/b", { email: "b@y.org" });
    const found = await documents.readMany(database, ["users/b", "users/none", "users/a"], ["email"]);
    assert.deepEqual(found, [{ email: "b@y.org" }, undefined, { email: "a@y.org" }]);
  });

  it("changes members of delivery, and leaves the others and the rest", async () => {
    const { documents, set } = ground();
    await set("mail/change", { to: "b@y.org", delivery: { note: "kept", error: "old" } });
    const before = await documents.read(at("mail/change"));
    assert.ok(before);
    const endTime = new Date(1_764_000_000_123);
    const change = { state: "SUCCESS", error: null, endTime, info: { accepted: ["b@y.org"] } };
    assert.equal(await documents.change(before, change), "done");
    const now = await documents.read(at("mail/change"));
    assert.deepEqual(now?.data, { to: "b@y.org", delivery: { note: "kept", ...change } });
    assert.equal(now?.createTime, before.createTime);
    assert.notEqual(now?.version, before.version);
  });

  it("makes delivery an object if it is none", async () => {
    const { documents, set } = ground();
    for (const [n, delivery] of [undefined, null, "x", 0].entries()) {
      const path = `mail/shape-${n}`;
      await set(path, delivery === undefined ? { to: "b@y.org" } : { to: "b@y.org", delivery });
      const before = await documents.read(at(path));
      assert.ok(before);
      assert.equal(await documents.change(before, { state: "ERROR" }), "done");
      assert.deepEqual((await documents.read(at(path)))?.data.delivery, { state: "ERROR" });
    }
  });

  it("says so if a document has no room for delivery, and leaves it as it is", async () => {
    const { documents, set } = ground();
    const data = { to: "x".repeat(1_048_400) };
    await set("mail/full", data);
    const before = await documents.read(at("mail/full"));
    assert.ok(before);
    assert.equal(await documents.change(before, { state: "ERROR", error: "y".repeat(500) }), "unwritable");
    assert.deepEqual((await documents.read(at("mail/full")))?.data, data);
  });

  it("changes nothing that somebody has written or deleted since, or that is another document by now", async () => {
    const { documents, set, delete: remove } = ground();
    await set("mail/late", { to: "b@y.org" });
    const first = await documents.read(at("mail/late"));
    assert.ok(first);
    await set("mail/late", { to: "c@y.org" });
    assert.equal(await documents.change(first, { state: "ERROR" }), "contended");
    await remove("mail/late");
    assert.equal(await documents.change(first, { state: "ERROR" }), "contended");
    await set("mail/late", { to: "d@y.org" });
    assert.equal(await documents.change(first, { state: "ERROR" }), "contended");
    const now = await documents.read(at("mail/late"));
    assert.deepEqual(now?.data, { to: "d@y.org" });
    assert.notEqual(now?.createTime, first.createTime);
  });
};

describe("documents in memory", () => {
  const documents = new MemoryDocuments();
  keepsThePromises(() => ({
    documents,
    set: (path, fields) => documents.set(path, fields),
    delete: (path) => documents.delete(path),
  }));
});

describe("documents of Firestore", { skip: emulatorsMissing() }, () => {
  let emulators: Emulators;
  let ground: Ground;
  before(async () => {
    emulators = await useEmulators();
    const projectId = testProject();
    const host = emulators.unwatchedFirestoreHost;
    const calls = googleCalls({ clock: systemClock(1), random: testRandom });
    const documents = firestoreMailDocuments({ calls, database: (id) => openDatabase(projectId, host, id) });
    const application = new FirestoreDocuments(host, projectId);
    ground = {
      documents,
      set: (path, fields) => application.set(path, fields),
      delete: (path) => application.delete(path),
    };
  });
  after(() => emulators?.stop());
  keepsThePromises(() => ground);

  it("gives plain data of every type", async () => {
    const { documents, set } = ground;
    const reference = "projects/p/databases/(default)/documents/users/a";
    await set("mail/types", {
      bytes: { $bytes: "b2N0ZXRz" },
      time: { $time: "2026-11-30T06:00:00.123456Z" },
      reference: { $reference: reference },
      whole: 7,
      fraction: 1.5,
      none: null,
      list: [],
      map: { bytesValue: "x", doubleValue: "y", updateTime: "z" },
    });
    const found = await documents.read(at("mail/types"));
    assert.deepEqual(found?.data, {
      bytes: Buffer.from("octets"),
      time: new Date("2026-11-30T06:00:00.123Z"),
      reference: "users/a",
      whole: 7,
      fraction: 1.5,
      none: null,
      list: [],
      map: { bytesValue: "x", doubleValue: "y", updateTime: "z" },
    });
  });
});
