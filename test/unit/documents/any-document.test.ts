import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isMail } from "../../../functions/domain/documents/document-input.ts";
import { documentBench } from "../../builders/document-bench.ts";

const RUNS = 1_000;

const text = fc.oneof(
  fc.constantFrom(
    "",
    "b@y.org",
    "Ada <ada@example.com>",
    "x",
    "\r\nBcc: c@y.org",
    "=?utf-8?q?a?=",
    "\ud800",
    "é✓",
    "../x",
  ),
  fc.string({ maxLength: 20, unit: "grapheme" }),
);
const anything = fc.oneof(
  text,
  fc.constantFrom<unknown>(null, undefined, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, true, [], {}, new Date(0)),
  fc.uint8Array({ maxLength: 5 }),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(text, text, { maxKeys: 3 }),
  fc.object({ maxDepth: 3, maxKeys: 3 }),
);
const often = <T>(usual: fc.Arbitrary<T>) => fc.oneof({ weight: 6, arbitrary: usual }, anything);

const attachment = fc.record(
  {
    filename: often(text),
    content: often(text),
    encoding: often(fc.constantFrom("base64", "hex", "utf8", "none")),
    path: often(
      fc.constantFrom("data:text/plain;base64,b3Vp", "data:,%zz", "data:;base64,", "/etc/passwd", "http://x.org"),
    ),
    href: anything,
    contentType: often(fc.constantFrom("text/plain", "message/rfc822", "multipart/mixed", "x")),
    cid: often(text),
  },
  { requiredKeys: [] },
);
const message = fc.record(
  {
    subject: often(text),
    text: often(text),
    html: often(text),
    attachments: often(fc.array(attachment, { maxLength: 2 })),
    messageId: often(text),
    references: anything,
  },
  { requiredKeys: [] },
);
const addresses = often(fc.oneof(fc.constant("b@y.org"), fc.array(text, { maxLength: 3 })));
const document = fc.record(
  {
    to: addresses,
    cc: addresses,
    bcc: addresses,
    toUids: often(fc.array(fc.constantFrom("u1", "u2", "u1/x", "", "__a__"), { maxLength: 2 })),
    from: often(fc.constantFrom("ada@example.com", "Ada <ada@example.com>", "")),
    replyTo: often(text),
    headers: often(fc.dictionary(fc.constantFrom("X-A", "Bcc", "List-Unsubscribe", "é"), text)),
    message: often(message),
    template: often(
      fc.record(
        { name: fc.constantFrom("t", "broken", "partial", "none", "a/b"), data: anything },
        { requiredKeys: ["name"] },
      ),
    ),
    sendGrid: anything,
    delivery: often(
      fc.record(
        {
          state: fc.constantFrom<unknown>("PENDING", "RETRY", "PROCESSING", "SUCCESS", "ERROR", "OTHER", null, 1),
          attempts: fc.constantFrom<unknown>(0, 1, 7, -1, 1.5, Number.NaN, "1", 1e308, null),
          startTime: anything,
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [], noNullPrototype: true },
);

const ENDS: readonly unknown[] = ["SUCCESS", "ERROR"];
const ASKS: readonly unknown[] = ["PENDING", "RETRY"];

test(`each of ${RUNS} generated documents comes to an end, or is left as it is`, async () => {
  const bench = await documentBench();
  bench.documents.set("users/u1", { email: "u1@y.org" });
  bench.documents.set("users/u2", { email: 7 });
  bench.documents.set("templates/t", {
    subject: "{{a}}",
    html: "{{#each this}}{{@key}}{{> partial}}{{/each}}",
    attachments: [{ filename: "f", content: "{{a}}" }],
  });
  bench.documents.set("templates/broken", { subject: "{{#a}}", text: 5 });
  bench.documents.set("templates/partial", { partial: true, html: "<i>{{this}}</i>" });
  const seen = new Map<unknown, number>();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(document, async (data) => {
      n += 1;
      const path = `mail/${n}`;
      bench.documents.set(path, data);
      await bench.settle();
      const { delivery } = data as { delivery?: unknown };
      const asked = !delivery || ASKS.includes(Object(delivery).state);
      const state = bench.documents.delivery(path)?.state;
      if (isMail(data) && asked) assert.ok(ENDS.includes(state), String(state));
      else assert.deepEqual(state, Object(delivery).state);
      seen.set(state, (seen.get(state) ?? 0) + 1);
    }),
    { numRuns: RUNS },
  );
  // Otherwise the documents would prove little.
  for (const state of ["SUCCESS", "ERROR"])
    assert.ok((seen.get(state) ?? 0) > RUNS / 50, `${state}: ${seen.get(state)}`);
});
