import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDocumentId, toFields, toRecord, toValue } from "../../../functions/adapters/firestore/document.ts";
import { COMPOSITE_INDEXES, indexFields } from "../../../functions/adapters/firestore/indexes.ts";
import { QUERIES } from "../../../functions/domain/queries.ts";

describe("a Firestore document", () => {
  test("holds the record's JSON, what queries look at, and when it may be erased", () => {
    const value = {
      messageId: "m",
      recipientAddresses: ["b@y.org"],
      createdAtMs: 5,
      dueAtMs: null,
      eraseAtMs: 1_000,
      tags: { a: "b" },
    };
    assert.deepEqual(toFields("messages", { json: JSON.stringify(value), write: "w1" }), {
      json: { stringValue: JSON.stringify(value) },
      write: { stringValue: "w1" },
      eraseAt: { timestampValue: "1970-01-01T00:00:01.000Z" },
      recipientAddresses: { arrayValue: { values: [{ stringValue: "b@y.org" }] } },
      createdAtMs: { integerValue: "5" },
      dueAtMs: { nullValue: null },
    });
  });

  test("without a time of erasure has no TTL field, so that nothing erases it", () => {
    assert.deepEqual(Object.keys(toFields("serverNames", { json: '{"serverId":"s"}', write: "w" })), ["json", "write"]);
  });

  test("that Relais did not write is a defect", () => {
    assert.throws(() => toRecord("keys", { name: "a/b", updateTime: "2026-01-01T00:00:00Z", fields: {} }));
    assert.throws(() => toRecord("keys", {}));
  });

  test("numbers beyond whole ones are doubles; objects cannot be searched", () => {
    assert.deepEqual(toValue(1.5), { doubleValue: 1.5 });
    assert.deepEqual(toValue(true), { booleanValue: true });
    assert.throws(() => toValue({}), TypeError);
  });

  test("ids that Firestore refuses are known", () => {
    for (const id of ["", ".", "..", "a/b", "__x__", "\ud800", "é".repeat(751)])
      assert.equal(isDocumentId(id), false, id);
    for (const id of ["srv_a-B", "m.0", "__x", "é".repeat(750), "..."]) assert.equal(isDocumentId(id), true, id);
  });
});

describe("composite indexes", () => {
  test("one for each query that does more than order a collection by one field", () => {
    const plain = ["serversByAge", "serversDueForCheck", "keysByAge", "auditNewest", "messagesNewest", "messagesDue"];
    assert.equal(COMPOSITE_INDEXES.length, Object.keys(QUERIES).length - plain.length);
    assert.equal(new Set(COMPOSITE_INDEXES.map((index) => JSON.stringify(index))).size, COMPOSITE_INDEXES.length);
  });

  test("equality first, then what must be contained, then the order in its direction", () => {
    assert.deepEqual(
      COMPOSITE_INDEXES.find(({ fields }) => fields.length === 4),
      {
        collection: "messages",
        fields: [
          { fieldPath: "serverId", order: "ASCENDING" },
          { fieldPath: "status", order: "ASCENDING" },
          { fieldPath: "recipientAddresses", arrayConfig: "CONTAINS" },
          { fieldPath: "createdAtMs", order: "DESCENDING" },
        ],
      },
    );
  });

  test("every field of an index stands in the documents of its collection", () => {
    for (const { collection, fields } of COMPOSITE_INDEXES) {
      for (const { fieldPath } of fields) assert.ok(indexFields(collection).includes(fieldPath), fieldPath);
    }
  });
});
