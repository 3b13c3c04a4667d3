import assert from "node:assert/strict";
import { suite, test } from "node:test";
import MailComposer from "nodemailer/lib/mail-composer";
import {
  assertFitForTheWire,
  base64,
  composedFrom,
  leaves,
  type RawPart,
  rawPart,
  refusedAt,
} from "../../builders/composed-mail.ts";

const INVITE =
  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Été\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
const PLAIN = INVITE.replace("METHOD:REQUEST\r\n", "");

const composed = async (icalEvent: unknown, members: Record<string, unknown> = {}): Promise<RawPart> => {
  const raw = await composedFrom({ html: "<p>Bonjour</p>", icalEvent, ...members });
  assertFitForTheWire(raw);
  return rawPart(raw.toString("latin1"));
};
const typeOf = (part: RawPart | undefined): string => part?.headers["content-type"] ?? "";
const content = (part: RawPart | undefined): string => {
  const { headers, body } = part ?? { headers: {} as RawPart["headers"], body: "" };
  if (headers["content-transfer-encoding"] === "base64") return Buffer.from(body, "base64").toString();
  const bytes = body
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
};
const parts = (mail: RawPart) => {
  const [alternative, file] = mail.parts;
  return { alternative, file, calendar: alternative?.parts.at(-1) };
};

suite("A calendar event", () => {
  test("is the last alternative, and also a file", async () => {
    const mail = await composed({ method: "REQUEST", content: INVITE, filename: "invitation été.ics" });
    const { alternative, calendar, file } = parts(mail);
    assert.match(typeOf(mail), /^multipart\/mixed/);
    assert.match(typeOf(alternative), /^multipart\/alternative/);
    assert.deepEqual(
      alternative?.parts.map((part) => typeOf(part).split(";")[0]),
      ["text/plain", "text/html", "text/calendar"],
    );
    assert.match(typeOf(calendar), /^text\/calendar; charset=utf-8; method=REQUEST$/);
    assert.equal(calendar?.headers["content-disposition"], undefined);
    assert.equal(content(calendar), INVITE);
    assert.match(typeOf(file), /^application\/ics/);
    assert.match(
      file?.headers["content-disposition"] ?? "",
      /^attachment; filename\*0\*=utf-8''invitation%20%C3%A9t%C3%A9/,
    );
    assert.equal(content(file), INVITE);
  });

  test("stands beside a text alone, with files and inline images arranged as by nodemailer", async () => {
    const attachments = [
      { filename: "a.pdf", content: base64("x") },
      { filename: "logo.png", content: base64("y"), cid: "logo" },
    ];
    const shape = (part: RawPart): unknown =>
      part.parts.length === 0 ? typeOf(part).split(";")[0] : [typeOf(part).split(";")[0], ...part.parts.map(shape)];
    for (const members of [
      { text: "x" },
      { text: "x", html: "<p>" },
      { text: "x", attachments },
      { text: "x", html: "<p>", attachments },
    ]) {
      const theirs = new MailComposer({
        ...members,
        attachments: attachments
          .filter(() => "attachments" in members)
          .map((one) => ({ ...one, content: Buffer.from(one.content, "base64") })),
        icalEvent: { method: "REQUEST", content: INVITE },
      });
      const expected = shape(rawPart((await theirs.compile().build()).toString("latin1")));
      const raw = await composedFrom({ ...members, icalEvent: { method: "REQUEST", content: INVITE } });
      assert.deepEqual(shape(rawPart(raw.toString("latin1"))), expected);
    }
  });

  test("is accepted in the forms of nodemailer that need no file and no URL", async () => {
    for (const [icalEvent, method, filename] of [
      [INVITE, "REQUEST", "invite.ics"],
      [PLAIN, "PUBLISH", "invite.ics"],
      [{ content: PLAIN }, "PUBLISH", "invite.ics"],
      [{ content: PLAIN, method: " cancel " }, "CANCEL", "invite.ics"],
      [{ content: INVITE, filename: false }, "REQUEST", "invite.ics"],
      [{ content: INVITE, filename: "" }, "REQUEST", "invite.ics"],
      [{ content: base64(INVITE), encoding: "base64", filename: "x.ics" }, "REQUEST", "x.ics"],
      [{ content: Buffer.from(INVITE).toString("hex"), encoding: "hex" }, "REQUEST", "invite.ics"],
      [{ content: INVITE, encoding: "UTF-8", method: "reply" }, "REPLY", "invite.ics"],
      [{ content: INVITE.replaceAll("\r\n", "\n") }, "REQUEST", "invite.ics"],
    ] as const) {
      const { calendar, file } = parts(await composed(icalEvent));
      assert.match(typeOf(calendar), new RegExp(`method=${method}$`));
      assert.match(file?.headers["content-disposition"] ?? "", new RegExp(`filename=${filename}$`));
      assert.match(content(calendar), /SUMMARY:Été\r\n/);
    }
  });

  test("is refused by its place if it names a file, a URL, or something that is not a method", () => {
    for (const [icalEvent, path] of [
      [{ content: INVITE, path: "/etc/passwd" }, "/icalEvent/path"],
      [{ content: INVITE, href: "https://example.com" }, "/icalEvent/href"],
      [{ content: INVITE, raw: "x" }, "/icalEvent/raw"],
      [{ content: INVITE, method: "REQUEST; x=y" }, "/icalEvent/method"],
      [{ content: INVITE, method: "INVITE" }, "/icalEvent/method"],
      [{ content: INVITE, method: "REQUEST\r\nX: y" }, "/icalEvent/method"],
      [{ content: INVITE, method: "" }, "/icalEvent/method"],
      [{ method: "REQUEST" }, "/icalEvent/content"],
      [{ content: "" }, "/icalEvent/content"],
      [{ content: 1 }, "/icalEvent/content"],
      [{ content: "\ud800" }, "/icalEvent/content"],
      [{ content: "/w==", encoding: "base64" }, "/icalEvent/content"],
      [{ content: "%", encoding: "base64" }, "/icalEvent/content"],
      [{ content: INVITE, encoding: "latin1" }, "/icalEvent/encoding"],
      [{ content: INVITE, filename: "a\nb" }, "/icalEvent/filename"],
      [{ content: INVITE, contentType: "x/y" }, "/icalEvent/contentType"],
      [[], "/icalEvent"],
      [null, "/icalEvent"],
    ] as const) {
      assert.deepEqual(refusedAt({ icalEvent }), [path], JSON.stringify(icalEvent));
    }
  });

  test("is refused for a file or URL before it is refused for its missing content", () => {
    assert.deepEqual(refusedAt({ icalEvent: { path: "/etc/passwd" } }), ["/icalEvent/path", "/icalEvent/content"]);
    const attachments = [{ href: "https://example.com/a.pdf" }];
    assert.deepEqual(refusedAt({ attachments }), ["/attachments/0/href", "/attachments/0/content"]);
  });

  test("of several megabytes is read at once, whatever it contains", () => {
    const many = 4_000_000;
    for (const content of [
      `${" ".repeat(many)}%`,
      "=".repeat(many),
      "A".repeat(many),
      "METHOD:A".repeat(many / 8),
      "0".repeat(many),
    ]) {
      for (const encoding of ["base64", "hex", "utf-8"]) refusedAt({ icalEvent: { content, encoding } });
    }
  });

  test("is absent if none is given", async () => {
    const raw = await composedFrom({});
    assert.equal(leaves(raw).length, 1);
  });
});
