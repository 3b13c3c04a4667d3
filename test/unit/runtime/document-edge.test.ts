import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDocumentEvent } from "../../../functions/runtime/document-edge.ts";

const EVENT = {
  "ce-type": "google.cloud.firestore.document.v1.written",
  "ce-source": "//firestore.googleapis.com/projects/p/databases/(default)",
  "ce-subject": "documents/mail/a",
  "ce-database": "(default)",
  "ce-document": "mail/a",
};
const WRITTEN = { database: "(default)", paths: ["mail/a"] };

/** As Node hands on what was sent in UTF-8. */
const inLatin1 = (text: string): string => Buffer.from(text).toString("latin1");

describe("an event of Firestore", () => {
  it("names a document by its headers, whichever of them there are", () => {
    assert.deepEqual(parseDocumentEvent(EVENT), WRITTEN);
    const { "ce-document": _document, "ce-database": _database, ...older } = EVENT;
    assert.deepEqual(parseDocumentEvent(older), WRITTEN);
    const type = "google.cloud.firestore.document.v1.updated.withAuthContext";
    assert.deepEqual(parseDocumentEvent({ ...EVENT, "ce-type": type }), WRITTEN);
  });

  it("names letters beyond ASCII as the emulator and as Eventarc write them", () => {
    const path = "mail/déjà";
    for (const sent of [inLatin1(path), encodeURI(path)])
      assert.equal(parseDocumentEvent({ ...EVENT, "ce-document": sent })?.paths[0], path);
    assert.deepEqual(parseDocumentEvent({ ...EVENT, "ce-document": "mail/100%41" })?.paths, [
      "mail/100A",
      "mail/100%41",
    ]);
    assert.deepEqual(parseDocumentEvent({ ...EVENT, "ce-document": "mail/100%" })?.paths, ["mail/100%"]);
  });

  it("is none without its type, document or database", () => {
    for (const [name, value] of Object.entries({
      "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
      "ce-subject": "x",
    })) {
      const { "ce-document": _document, ...rest } = EVENT;
      assert.equal(parseDocumentEvent({ ...rest, [name]: value }), undefined);
    }
    assert.equal(parseDocumentEvent({}), undefined);
  });
});
