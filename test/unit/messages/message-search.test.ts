import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import type { Principal } from "../../../functions/domain/access/records.ts";
import { listMessages, type MessageFilter, NO_FILTER } from "../../../functions/domain/messages/views/list-messages.ts";
import {
  lookupPrefix,
  matchesSearch,
  searchPrefixes,
  searchTerms,
} from "../../../functions/domain/messages/views/message-search.ts";
import { memberOf, OPERATOR } from "../../builders/mail-server.ts";
import { type MessageBench, messageBench, simpleMessage } from "../../builders/messages.ts";

const about = (subject: string, ...recipientAddresses: string[]) => ({ subject, recipientAddresses });

/** Finds as the list does: by the index first, then by comparison. */
const finds = (message: ReturnType<typeof about>, typed: string): boolean => {
  const terms = searchTerms(typed);
  return searchPrefixes(message).includes(lookupPrefix(terms)) && matchesSearch(message, terms);
};

describe("a search", () => {
  const invoice = about("Facture n° 2026-0114 à « l’École d’Œnologie »", "lea.martin@example.org", "noël@example.fr");
  for (const typed of [
    ..."l le lea lea. lea.martin lea.martin@ lea.martin@example.org LEA.Mar noel NOËL@EX".split(" "),
    ..."fact FACTURE factu 2026 2026-01 0114 ecole École l’éc œno oenologie d’oe n° à a".split(" "),
    "facture 2026",
    "  0114   lea  ",
  ]) {
    it(`finds the start of an address or a word: ${typed}`, () => assert(finds(invoice, typed)));
  }
  for (const typed of ["martin", "example", "@example.org", "acture", "facture 2027", "lea.martin@example.org."]) {
    it(`finds nothing that starts otherwise: ${typed}`, () => assert(!finds(invoice, typed)));
  }

  for (const typed of ["\u0301", "  \u0301\u0308 \u20dd", "\ufe0f"]) {
    it(`finds nothing by accents alone: ${encodeURIComponent(typed)}`, () => {
      assert.notDeepEqual(searchTerms(typed), []);
      assert(!finds(invoice, typed));
      assert(!finds(about("e\u0301cole \u0301 \ufe0f"), typed));
    });
  }

  it("finds every start of every address and word, whatever its case, accents and script", () => {
    const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => !/\s/.test(text));
    const anyCase = fc.constantFrom(
      (text: string) => text,
      (text: string) => text.toUpperCase(),
      (text: string) => text.normalize("NFD"),
    );
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        fc.nat(),
        anyCase,
        (words, at, size, spell) => {
          const chosen = words[at % words.length] ?? "";
          const graphemes = [...new Intl.Segmenter().segment(chosen)].map(({ segment }) => segment);
          const typed = spell(graphemes.slice(0, 1 + (size % graphemes.length)).join(""));
          fc.pre(searchTerms(typed).length === 1);
          assert(finds(about(words.join(" "), "x@example.org"), typed), `${JSON.stringify(words)} by ${typed}`);
          assert(finds(about("", chosen, "x@example.org"), typed), `address ${chosen} by ${typed}`);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("keeps few index entries, however long the subject is and however many recipients there are", () => {
    const many = Array.from({ length: 100 }, (_, at) => `recipient-${at}@example-${at % 9}.org`);
    const word = (at: number) => String.fromCharCode(97 + (at % 26), 97 + ((at * 7) % 26), 97 + ((at * 11) % 26));
    const subject = Array.from({ length: 400 }, (_, at) => word(at)).join(" ");
    const prefixes = searchPrefixes(about(subject, ...many));
    assert(prefixes.length < 1_500 && JSON.stringify(prefixes).length < 20_000, String(prefixes.length));
    assert(searchPrefixes(about("Votre facture de novembre", "client@example.org")).length <= 25);
    assert(searchPrefixes(about("x ".repeat(500_000), "client@example.org")).length < 10, "a subject of a megabyte");
  });
});

describe("a search in the list of messages", () => {
  let bench: MessageBench;
  beforeEach(async () => {
    bench = messageBench();
    await bench.addServer("srv_ada");
    await bench.addServer("srv_bob", { username: "bob@example.com", priority: 20 });
  });
  afterEach(() => bench.close());

  const post = async (to: string, more: object = {}): Promise<string> =>
    (await bench.accepted({ ...simpleMessage, subject: "Hello", ...more, to })).id;
  const list = async (
    typed: string,
    options: { filter?: Partial<MessageFilter>; limit?: number; cursor?: string | null } = {},
    who: Principal = OPERATOR,
  ) => {
    const { filter, limit = 50, cursor = null } = options;
    const all = { ...NO_FILTER, terms: searchTerms(typed), ...filter };
    const found = await listMessages(bench.records, who, { filter: all, page: { limit, cursor } });
    assert(found.ok && found.value !== "bad_cursor");
    return { ids: found.value.items.map(({ id }) => id), next: found.value.next };
  };

  it("can be combined with server, status and recipient, for operators, members and keys with some servers", async () => {
    const one = await post("lecteur@example.org");
    const two = await post("lectrice@example.org", { server: "srv_bob" });
    const three = await post("else@example.org", { subject: "Lecture", scheduledAt: "2026-12-24T00:00:00Z" });
    await post("second-lecteur@example.org");
    assert.deepEqual((await list("lect")).ids, [three, two, one]);
    assert.deepEqual((await list("lect", { filter: { server: "srv_ada" } })).ids, [three, one]);
    assert.deepEqual((await list("lect", { filter: { status: "queued" } })).ids, [two, one]);
    assert.deepEqual((await list("lect", { filter: { to: "else@example.org" } })).ids, [three]);
    assert.deepEqual((await list("lecteur hello")).ids, [one]);
    assert.deepEqual((await list("lect", {}, memberOf("bob@example.com"))).ids, [two]);
    const key = { kind: "key", id: "k", name: "k", servers: ["srv_none", "srv_bob"], permissions: ["read"] } as const;
    assert.deepEqual((await list("lect", {}, key)).ids, [two]);
    assert.deepEqual((await list("")).ids.length, 4, "nothing typed is no search");
  });

  it("returns each match once, page by page, even if most of what the index finds does not match", async () => {
    const wanted: string[] = [];
    for (let at = 0; at < 40; at += 1) {
      await post(`contact-${at}@example.org`);
      if (at % 4 === 0) wanted.unshift(await post(`contacts.wanted${at}@example.org`));
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await list("contacts.wanted", { limit: 3, cursor });
      assert(page.ids.length <= 3);
      seen.push(...page.ids);
      cursor = page.next;
    } while (cursor !== null);
    assert.deepEqual(seen, wanted);
  });

  it("can be limited to messages with a refused recipient", async () => {
    const both = await bench.accepted({ ...simpleMessage, to: ["lecteur@example.org", "gone@example.org"] });
    await post("lecteur@example.org");
    const recipients = both.value.recipients.map((recipient) => ({
      ...recipient,
      state: recipient.address.startsWith("gone") ? ("rejected" as const) : ("accepted" as const),
    }));
    const { id, version } = both;
    const value = { ...both.value, status: "sent", finalAtMs: 0, dueAtMs: null, recipients } as const;
    await bench.records.commit([{ op: "replace", kind: "messages", id, version, value }]);
    const rejected = { rejected: true } as const;
    assert.deepEqual((await list("", { filter: rejected })).ids, [id]);
    assert.deepEqual((await list("lect", { filter: { ...rejected, status: "sent" } })).ids, [id]);
    assert.deepEqual((await list("", { filter: { ...rejected, status: "queued" } })).ids, []);
    assert.deepEqual((await list("", { filter: { ...rejected, server: "srv_bob" } })).ids, []);
  });

  it("still finds a message after a move, and does not fail on records without prefixes", async () => {
    const id = await post("lecteur@example.org");
    const before = await bench.records.get("messages", id);
    assert(before !== undefined);
    const { searchPrefixes: _, ...older } = before.value;
    await bench.records.commit([{ op: "create", kind: "messages", id: "msg_older", value: older }]);
    assert.deepEqual((await list("lect")).ids, [id]);
    assert.equal((await list("")).ids.length, 2);
  });
});
