import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import PostalMime from "postal-mime";
import { type DocumentStack, isEnd, PARAMETERS, startDocumentStack } from "../../builders/document-stack.ts";
import { emulatorsMissing } from "../../builders/emulators.ts";
import { eventually } from "../../builders/eventually.ts";
import type { PlainFields } from "../../builders/firestore-documents.ts";
import type { SentMail } from "../../google-sandbox/mailbox.ts";

interface ExpectedMail {
  readonly from: string;
  readonly replyTo: string;
  readonly to: readonly string[];
  readonly toNames?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly attachments?: readonly { readonly filename: string; readonly content: string }[];
}

interface Expected {
  /** Null: nothing is written. */
  readonly state: string | null;
  readonly attempts?: number;
  readonly errorNames?: string;
  readonly untouched?: boolean;
  readonly mails: readonly ExpectedMail[];
  readonly info?: { readonly accepted: readonly string[]; readonly rejected: readonly string[] };
  readonly later?: string;
}

interface Case {
  readonly n: number;
  readonly title: string;
  readonly document: PlainFields;
  readonly expect: Expected;
}

/** The documents by which the extension was measured, and what each must come to. */
const CASES: {
  readonly parameters: Readonly<Record<string, string>>;
  readonly users: Readonly<Record<string, PlainFields>>;
  readonly templates: Readonly<Record<string, PlainFields>>;
  readonly documents: readonly Case[];
} = JSON.parse(readFileSync(join(import.meta.dirname, "trigger-email.json"), "utf8"));

/** `now+60s` is a time in a minute. */
const inTime = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inTime);
  if (typeof value !== "object" || value === null) return value;
  if ("$time" in value && value.$time === "now+60s") return { $time: new Date(Date.now() + 60_000).toISOString() };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inTime(member)]));
};

const addresses = (list: readonly { readonly address?: string | undefined }[] = []) =>
  list.map(({ address }) => address ?? "");

const checkMail = async (mail: SentMail, expected: ExpectedMail): Promise<void> => {
  const parsed = await PostalMime.parse(mail.raw);
  assert.equal(parsed.from?.address, expected.from);
  assert.deepEqual(addresses(parsed.replyTo), [expected.replyTo]);
  assert.deepEqual(addresses(parsed.to), expected.to);
  if (expected.toNames)
    assert.deepEqual(
      parsed.to?.map(({ name }) => name),
      expected.toNames,
    );
  assert.deepEqual(addresses(parsed.cc), expected.cc ?? []);
  assert.equal(parsed.subject, expected.subject);
  assert.equal((parsed.text ?? "").trimEnd(), expected.text ?? "");
  assert.equal(parsed.html?.trimEnd(), expected.html);
  for (const bcc of expected.bcc ?? []) assert.ok(mail.envelope.to.includes(bcc), `${bcc} is in the envelope`);
  for (const [name, value] of Object.entries(expected.headers ?? {}))
    assert.equal(parsed.headers.find(({ key }) => key === name.toLowerCase())?.value, value);
  assert.deepEqual(
    parsed.attachments.map(({ filename, content }) => ({
      filename,
      content: typeof content === "string" ? content : Buffer.from(content as ArrayBuffer).toString(),
    })),
    expected.attachments ?? [],
  );
};

describe("documents of Trigger Email", { skip: emulatorsMissing() }, () => {
  let stack: DocumentStack;
  before(async () => {
    stack = await startDocumentStack({ RELAIS_TIME_SCALE: "60" });
    for (const [id, fields] of Object.entries(CASES.users)) await stack.documents.set(`users/${id}`, fields);
    for (const [id, fields] of Object.entries(CASES.templates)) await stack.documents.set(`templates/${id}`, fields);
    const { control } = stack.sandbox;
    const reply = { fault: "smtp_reply", stage: "rcpt" } as const;
    control.set({ ...reply, code: 550, enhanced: "5.1.1", recipient: "refuse@example.org" });
    control.set({ ...reply, code: 421, enhanced: "4.7.28", recipient: "occupe@example.org" }, { times: 1 });
    // All at once, as applications write them; each test waits for its own.
    await Promise.all(CASES.documents.map(({ n, document }) => write(n, document)));
  });
  after(() => stack?.stop());

  const write = (n: number, document: PlainFields) =>
    stack.documents.set(`mail/case-${n}`, inTime(document) as PlainFields);
  const mailsOf = async (n: number): Promise<readonly SentMail[]> => {
    const delivery = (await stack.documents.get(`mail/case-${n}`))?.delivery as PlainFields | undefined;
    const info = delivery?.info as { messageId?: string } | undefined;
    return stack.sandbox.control.mails().filter(({ messageId }) => messageId === info?.messageId);
  };

  it("uses the parameters of the cases", () => {
    const { MAIL_COLLECTION, ...others } = CASES.parameters;
    const { RELAIS_DOCUMENTS, ...ours } = PARAMETERS;
    assert.deepEqual([RELAIS_DOCUMENTS, ours], [MAIL_COLLECTION, others]);
    assert.equal(CASES.documents.length, 61);
  });

  for (const { n, title, document, expect } of CASES.documents)
    it(`${n}: ${title}`, async () => {
      if (expect.state === null || expect.untouched) {
        // A marker that comes later is done, so this one has been looked at too.
        await write(1_000 + n, { to: "client@example.org", message: { subject: "marque", text: "x" } });
        await stack.end(`case-${1_000 + n}`);
        const found = await stack.documents.get(`mail/case-${n}`);
        assert.deepEqual((found?.delivery as PlainFields | undefined)?.state ?? null, expect.state);
        const given = document.delivery as PlainFields | undefined;
        assert.deepEqual(Object.keys((found?.delivery as PlainFields) ?? {}), Object.keys(given ?? {}));
        return;
      }
      if (expect.later !== undefined) {
        await stack.end(`case-${n}`, (delivery) => delivery?.state === "PROCESSING" || isEnd(delivery));
        const delivery = await stack.end(`case-${n}`);
        assert.equal(delivery?.state, "SUCCESS");
        assert.equal((await mailsOf(n)).length, 1);
        return;
      }
      const delivery = await stack.end(`case-${n}`);
      assert.equal(delivery?.state, expect.state, String(delivery?.error));
      assert.equal(delivery?.attempts, expect.attempts);
      if (expect.errorNames) assert.ok(String(delivery?.error).includes(expect.errorNames), String(delivery?.error));
      if (expect.state === "SUCCESS") assert.equal(delivery?.error, null);
      if (expect.info) {
        const { accepted, rejected } = Object(delivery?.info);
        assert.deepEqual({ accepted, rejected }, expect.info);
      }
      const mails = await mailsOf(n);
      assert.equal(mails.length, expect.mails.length);
      for (const [at, mail] of mails.entries()) await checkMail(mail, expect.mails[at] as ExpectedMail);
    });

  it("sends no more mails than those", async () => {
    const markers = CASES.documents.filter(({ expect }) => expect.state === null || expect.untouched).length;
    const wanted = CASES.documents.filter(({ expect }) => expect.mails.length > 0 || expect.later).length + markers;
    await eventually("all mails", () => stack.sandbox.control.mails().length >= wanted);
    assert.equal(stack.sandbox.control.mails().length, wanted);
  });
});
