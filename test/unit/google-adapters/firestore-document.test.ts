import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DocumentSnapshot, FieldValue, Timestamp } from "@google-cloud/firestore";
import {
  toFields,
  toRecord,
  toUpdate,
  toUpdateTime,
  toVersion,
} from "../../../functions/adapters/firestore/document.ts";
import { COMPOSITE_INDEXES, indexFields, shardFields } from "../../../functions/adapters/firestore/indexes.ts";
import { isDocumentId } from "../../../functions/domain/document-id.ts";
import { QUERIES, type QueryShape } from "../../../functions/domain/queries.ts";
import { shardOf } from "../../../functions/domain/shards.ts";

describe("a Firestore document", () => {
  test("holds the record's JSON, the fields that queries use, and when it may be erased", () => {
    const value = {
      messageId: "m",
      recipientAddresses: ["b@y.org"],
      createdAtMs: 5,
      dueAtMs: null,
      eraseAtMs: 1_000,
      tags: { a: "b" },
    };
    assert.deepEqual(toFields("messages", { id: "msg_1", json: JSON.stringify(value), write: "w1" }), {
      json: JSON.stringify(value),
      write: "w1",
      listShard: shardOf("listShard", "msg_1"),
      dueShard: shardOf("dueShard", "msg_1"),
      eraseAt: Timestamp.fromMillis(1_000),
      recipientAddresses: ["b@y.org"],
      createdAtMs: 5,
      dueAtMs: null,
    });
  });

  test("loses the fields that a new version of the record no longer has", () => {
    const update = toUpdate("messages", { id: "msg_1", json: '{"createdAtMs":5}', write: "w" });
    for (const field of ["text", "eraseAt", "dueAtMs", "serverId"])
      assert.ok(FieldValue.delete().isEqual(update[field] as FieldValue), field);
    assert.equal(update.createdAtMs, 5);
  });

  test("has its update time as its version, to the nanosecond", () => {
    for (const time of [new Timestamp(1_764_000_000, 1), new Timestamp(0, 999_999_999), new Timestamp(5, 0)])
      assert.ok(toUpdateTime(toVersion(time))?.isEqual(time));
    for (const odd of ["", "1", "1.5", "-1.000000000", "999999999999.000000000", "2026-01-01T00:00:00Z"])
      assert.equal(toUpdateTime(odd), undefined, odd);
  });

  test("has no TTL field without a time of erasure, so that nothing erases it", () => {
    assert.deepEqual(Object.keys(toFields("serverNames", { id: "msg_1", json: '{"serverId":"s"}', write: "w" })), [
      "json",
      "write",
    ]);
  });

  test("is a defect if Relais did not write it", () => {
    const foreign = { id: "a", updateTime: new Timestamp(1, 0), get: () => undefined };
    // This is the one cast: only the library can make a snapshot.
    assert.throws(() => toRecord("keys", foreign as unknown as DocumentSnapshot), /did not write/);
  });

  test("holds only plain values for queries", () => {
    assert.throws(() => toFields("messages", { id: "msg_1", json: '{"createdAtMs":{}}', write: "w" }), TypeError);
  });

  test("is never given an id that Firestore refuses", () => {
    for (const id of ["", ".", "..", "a/b", "__x__", "\ud800", "é".repeat(751)])
      assert.equal(isDocumentId(id), false, id);
    for (const id of ["srv_a-B", "m.0", "__x", "é".repeat(750), "..."]) assert.equal(isDocumentId(id), true, id);
  });
});

describe("composite indexes", () => {
  test("exist for each query that does more than order a collection by one field", () => {
    const shapes: readonly QueryShape[] = Object.values(QUERIES);
    const plain = shapes.filter(({ equal, contains, shards }) => equal.length === 0 && !(contains ?? shards));
    assert.ok(plain.length > 0);
    assert.equal(COMPOSITE_INDEXES.length, Object.keys(QUERIES).length - plain.length);
    assert.equal(new Set(COMPOSITE_INDEXES.map((index) => JSON.stringify(index))).size, COMPOSITE_INDEXES.length);
  });

  test("have equality first, then what must be contained, then the order in its direction", () => {
    assert.deepEqual(
      COMPOSITE_INDEXES.find(({ fields }) => fields.length === 4 && fields[0]?.fieldPath === "serverId"),
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

  test("name only fields that the documents of the collection have", () => {
    for (const { collection, fields } of COMPOSITE_INDEXES) {
      const known = [...indexFields(collection), ...shardFields(collection).map(([field]) => field)];
      for (const { fieldPath } of fields) assert.ok(known.includes(fieldPath), fieldPath);
    }
  });
});
