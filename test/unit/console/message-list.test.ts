import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messageColumns } from "../../../functions/console/pages/messages/export.ts";
import {
  countNarrowing,
  filterIn,
  filterPath,
  NO_FILTER,
  queryOf,
} from "../../../functions/console/pages/messages/filter.ts";
import { csvOf } from "../../../functions/console/widgets/csv.ts";
import { type PageAsked, readAll } from "../../../functions/console/widgets/read-all.ts";
import { messageView } from "../../../functions/domain/messages/views/message-view.ts";
import { testClock } from "../../builders/clock.ts";
import { acceptedMessage } from "../../builders/delivery.ts";

describe("the filter of the message list", () => {
  it("is read from the page's address as it was written there", () => {
    const filter = {
      ...NO_FILTER,
      server: "srv_a",
      status: "partly_sent",
      from: "2026-11-01",
      tag: "kind=a b",
      q: "léa@",
    };
    const query = Object.fromEntries(new URL(filterPath(filter), "https://relais.example").searchParams);
    assert.deepEqual(filterIn(query), filter);
    assert.equal(countNarrowing(filter), 4);
    assert.equal(filterPath(NO_FILTER), "/messages");
  });

  it("never turns what a person types into something that the API refuses", () => {
    const { status, from, until } = filterIn({ status: "nonsense", from: "yesterday", until: "2026-13" });
    assert.deepEqual([status, from, until], ["", "", ""]);
    const { after, before } = queryOf({ ...NO_FILTER, from: "2026-02-31", until: "9999-99-99" });
    assert.match(after ?? "", /^2026-03-0[23]T/);
    assert.equal(before, undefined);
  });

  it("asks for whole days of the reader, for a tag, and for a Message-ID in its brackets", () => {
    const query = queryOf({ ...NO_FILTER, from: "2026-11-12", until: "2026-11-12", tag: "kind = invoice", q: "<a@b>" });
    assert.equal(query.after, new Date(2026, 10, 12).toISOString());
    assert.equal(query.before, new Date(2026, 10, 13).toISOString());
    assert.equal(query["tag.kind"], "invoice");
    assert.equal(query.messageId, "<a@b>");
    assert.equal(query.q, undefined);
    assert.deepEqual(queryOf({ ...NO_FILTER, status: "partly_sent" }).rejected, "true");
  });
});

describe("an export of the message list", () => {
  const message = messageView({
    id: "msg_1",
    version: "1",
    value: {
      ...acceptedMessage(testClock(), "1", ["b@y.org", "c@y.org"]),
      subject: '=HYPERLINK("x")\n, a',
      caller: "key:k1",
    },
  });

  it("quotes what needs it, and lets no spreadsheet run a subject", () => {
    const [head, ...lines] = csvOf(
      [message],
      messageColumns(() => "Billing"),
    ).split("\r\n");
    assert.equal(head, "id,createdAt,status,server,from,to,cc,bcc,rejected,subject,messageId,key,tags");
    const line = lines.join("\r\n");
    assert.match(line, /^msg_1,[^,]+,queued,Billing,/);
    assert.ok(line.includes('"b@y.org, c@y.org"'));
    assert.ok(line.includes(`"'=HYPERLINK(""x"")\n, a"`), line);
    assert.ok(line.includes(",k1,"));
  });
});

describe("what an export reads", () => {
  const LENGTH = 1_000;
  const readPage = async ({ limit, cursor = "0" }: PageAsked) => {
    const start = Number(cursor);
    const items = Array.from({ length: Math.min(limit, LENGTH - start) }, (_, at) => start + at);
    return { ok: true, value: { items, next: start + limit < LENGTH ? String(start + limit) : null } } as const;
  };
  const read = async (most: number) => {
    const counts: number[] = [];
    const result = await readAll(readPage, { most, onRead: (count) => counts.push(count) });
    assert(result.ok);
    return { ...result.value, counts };
  };

  it("is all of the list, page by page", async () => {
    const { items, isCut, counts } = await read(LENGTH);
    assert.deepEqual([items.length, items.at(-1), isCut], [LENGTH, LENGTH - 1, false]);
    assert.deepEqual(counts, [200, 400, 600, 800, 1_000]);
  });

  it("says if it is not all", async () => {
    const { items, isCut } = await read(400);
    assert.deepEqual([items.length, isCut], [400, true]);
  });

  it("ends with the first failure", async () => {
    const lost = { ok: false, failure: { kind: "network" } } as const;
    const result = await readAll(async (page) => (page.cursor === "400" ? lost : readPage(page)), {
      most: LENGTH,
      onRead: () => {},
    });
    assert.deepEqual(result, lost);
  });
});
