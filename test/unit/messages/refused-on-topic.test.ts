import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fieldsIn } from "../../../functions/console/api/failure.ts";
import { fieldSentence } from "../../../functions/console/i18n/field-message.ts";
import { timelineNoteText } from "../../../functions/console/i18n/note.ts";
import { parseMessage } from "../../../functions/domain/messages/accept/message-input.ts";
import { recordRefused } from "../../../functions/domain/messages/accept/record-refused.ts";
import { messageView } from "../../../functions/domain/messages/views/message-view.ts";
import { type MessageBench, messageBench } from "../../builders/messages.ts";

describe("a message refused on the topic", () => {
  let bench: MessageBench;
  beforeEach(() => {
    bench = messageBench();
  });
  afterEach(() => bench.close());

  const entryOf = async (json: object) => {
    const parsed = parseMessage(json, { sizeLimit: 1_000_000 });
    assert(!parsed.ok);
    await recordRefused(bench, { pubsubId: "1", json, problem: parsed.problem });
    const kept = await bench.records.query("messagesNewest", {}, { limit: 1 });
    assert(kept !== "bad_cursor" && kept.items[0] !== undefined);
    const [entry] = messageView(kept.items[0]).timeline;
    assert(entry !== undefined);
    return entry;
  };

  it("records what was wrong with it: in English for programs, and as a code for the console", async () => {
    const entry = await entryOf({ to: "nobody", subject: "Facture", text: "x".repeat(9), color: "red" });
    assert.match(entry.note ?? "", /^\/to must be an email address.*; \/color is an unknown field$/);
    assert.match(timelineNoteText(entry, "fr") ?? "", /ne peut pas être envoyé tel quel\.$/);
    const sentences = fieldsIn(entry.fields).map((field) => `${field.path} ${fieldSentence(field, "fr")}`);
    assert.deepEqual(sentences, ["/to Indiquez une adresse comme ada@example.com.", "/color Ce champ est inconnu."]);
  });

  it("names only a few of many invalid places", async () => {
    const entry = await entryOf(Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`k${at}`, at])));
    assert.equal(fieldsIn(entry.fields).length, 5);
  });
});
