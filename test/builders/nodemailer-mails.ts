import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { SendMailOptions } from "nodemailer";

/** A mail as a program gives it to nodemailer. Each call gives it anew, because a stream can be read once. */
export type GivenMail = () => SendMailOptions;

export interface MailSources {
  /** A folder for attached files. */
  readonly folder: string;
  /** Where attachments by address are fetched. */
  readonly origin: string;
}

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const CALENDAR = [
  ...["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:1@example.com"],
  ...["DTSTAMP:20270131T090000Z", "DTSTART:20270131T090000Z", "SUMMARY:Réunion", "END:VEVENT", "END:VCALENDAR", ""],
].join("\r\n");

const RAW = [
  ...["From: ada@example.com", "To: someone@example.org", "Subject: raw", "Message-ID: <raw@example.com>"],
  ...["Date: Sun, 31 Jan 2027 09:00:00 +0000", "X-Odd:   two   blanks", "X-Odd: again", "", "é body", " ", ""],
].join("\r\n");

const stream = (text: string): Readable => Readable.from([Buffer.from(text.slice(0, 3)), Buffer.from(text.slice(3))]);

const rows = (line: string, count: number): string => Array.from({ length: count }, () => line).join("\r\n");

/** What nodemailer's documentation shows for a message, by its name there. */
export const nodemailerMails = ({ folder, origin }: MailSources): Readonly<Record<string, GivenMail>> => {
  const path = join(folder, "année.txt");
  writeFileSync(path, "a file\nin two lines, é\n");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const dkim = {
    domainName: "example.com",
    keySelector: "s1",
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
  const html = "<p>Bonjour <b>Zoé</b>";
  const attached = (...attachments: NonNullable<SendMailOptions["attachments"]>): GivenMail => {
    return () => ({ text: "see attached", attachments: [...attachments] });
  };
  return {
    text: () => ({ text: "Bonjour Zoé\n.\n..\nFrom here\n" }),
    "text without line breaks": () => ({ text: "é".repeat(3_000) }),
    html: () => ({ html }),
    "text and html": () => ({ text: "Bonjour", html }),
    "no content": () => ({}),
    "textEncoding base64": () => ({ text: "Bonjour Zoé", textEncoding: "base64" as const }),
    "text and html as streams": () => ({ text: stream("from a stream é"), html: stream(html) }),
    "text from a file": () => ({ text: { path } }),
    "html from an address": () => ({ html: { href: `${origin}/page.html` } }),
    watchHtml: () => ({ text: "Bonjour", html, watchHtml: "<b>watch</b>" }),
    amp: () => ({ text: "Bonjour", html, amp: "<!doctype html><html ⚡4email><body>AMP</body></html>" }),
    icalEvent: () => ({ text: "Réunion", icalEvent: { method: "request", filename: "invite.ics", content: CALENDAR } }),
    "icalEvent and html": () => ({ text: "Réunion", html, icalEvent: { method: "CANCEL", content: CALENDAR } }),
    alternatives: () => ({
      text: "Bonjour",
      html,
      alternatives: [
        { contentType: "text/x-web-markdown", content: "**Bonjour**" },
        { contentType: "application/json", content: Buffer.from('{"a":1}') },
      ],
    }),
    "sender and replyTo": () => ({ text: "x", sender: "agent@example.com", replyTo: ['"Zoé, L." <zoe@example.org>'] }),
    thread: () => ({ text: "x", inReplyTo: "<a@example.org>", references: ["<z@example.org>", "a@example.org"] }),
    subject: () => ({ text: "x", subject: `Élan ${"très ".repeat(60)}✓` }),
    "names and groups": () => ({
      text: "x",
      to: [{ name: 'Zoé "Z" L.', address: "zoe@example.org" }, "Ops: ops1@example.org, ops2@example.org;"],
      cc: "Müller <mueller@xn--bcher-kva.example>",
    }),
    bcc: () => ({ text: "x", bcc: "hidden@example.org, Hidden Two <hidden2@example.org>" }),
    "priority high": () => ({ text: "x", priority: "high" as const }),
    "priority low": () => ({ text: "x", priority: "low" as const }),
    list: () => ({
      text: "x",
      list: {
        help: "admin@example.com?subject=help",
        unsubscribe: { url: "http://example.com", comment: "Comment (é)" },
        subscribe: ["admin@example.com?subject=subscribe", { url: "http://example.com", comment: "Subscribe" }],
        post: [["http://example.com/post", { url: "admin@example.com?subject=post", comment: "Post" }]],
        id: { url: "mylist.example.com", comment: "Ma liste" },
      },
    }),
    headers: () => ({
      text: "x",
      headers: {
        "x-my-key": "header value",
        "x-another-key": ["value one", "value two", "value thrée"],
        "x-prepared": { prepared: true, value: `a really long header value ${"again ".repeat(30)}` },
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      },
    }),
    "headers as a list": () => ({
      text: "x",
      headers: [
        { key: "X-Repeated", value: "1" },
        { key: "X-Repeated", value: "2" },
      ],
    }),
    normalizeHeaderKey: () => ({
      text: "x",
      headers: { "x-my-key": "1" },
      normalizeHeaderKey: (key: string) => key.toUpperCase(),
    }),
    envelope: () => ({
      text: "x",
      envelope: { from: "bounce@example.com", to: "other@example.org, <third@example.org>" },
    }),
    newline: () => ({ text: "a\nb\n", html, newline: "unix" }),
    xMailer: () => ({ text: "x", xMailer: "My program 1.0" }),
    boundaryPrefix: () => ({ text: "x", html, boundaryPrefix: "mine" }),
    attachDataUrls: () => ({ html: `<img src="data:image/png;base64,${PNG}">`, attachDataUrls: true }),
    dkim: () => ({ text: "signed", html, dkim }),
    dsn: () => ({ text: "x", dsn: { id: "1", return: "headers", notify: "success", recipient: "ada@example.com" } }),
    "raw as a string": () => ({ raw: RAW, envelope: { from: "ada@example.com", to: "someone@example.org" } }),
    "raw as a stream": () => ({ raw: stream(RAW), envelope: { from: "ada@example.com", to: "someone@example.org" } }),
    "raw with parts of its own": () => ({
      raw: Buffer.from(RAW.replaceAll("\r\n", "\n")),
      envelope: { from: "ada@example.com", to: ["someone@example.org"] },
    }),
    "attached text": attached({ filename: "text1.txt", content: "hello world!\nLF and é" }),
    "attached bytes": attached({ filename: "b.bin", content: Buffer.from([0, 13, 10, 255, 13, 46, 10]) }),
    "attached file": attached({ path }, { filename: "other.txt", path }),
    "attached stream": () => ({ text: "x", attachments: [{ filename: "s.txt", content: stream("a stream") }] }),
    "attached by address": attached({ path: `${origin}/file.pdf` }, { filename: "h.txt", href: `${origin}/h.txt` }),
    "attached with a type": attached({ filename: "text", content: "hello", contentType: "text/plain; charset=utf-8" }),
    "attached in base64": attached({ filename: "t.txt", content: "aGVsbG8gd29ybGQh", encoding: "base64" }),
    "attached data URI": attached({ path: "data:text/plain;base64,aGVsbG8gd29ybGQ=" }),
    "attached without a name": attached({ filename: false, content: "no name", contentType: "application/pdf" }),
    "attached raw": attached({
      raw: "Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nraw part\r\n",
    }),
    "attached with headers": attached({
      filename: "h.txt",
      content: "x",
      headers: { "X-Part": ["1", "2"] },
      contentTransferEncoding: "quoted-printable",
      contentDisposition: "inline",
    }),
    "attached mail": attached({ contentType: "message/rfc822", content: RAW }),
    "attached to the HTML": () => ({
      html: 'Embedded <img src="cid:logo@example.com">',
      attachments: [{ filename: "été.png", content: PNG, encoding: "base64", cid: "logo@example.com" }],
    }),
    "everything at once": () => ({
      subject: "Tout à la fois",
      text: rows("é ligne", 200),
      html,
      amp: "<html ⚡4email></html>",
      icalEvent: { method: "REQUEST", content: CALENDAR },
      priority: "high" as const,
      cc: "cc@example.org",
      bcc: "bcc@example.org",
      attachments: [
        { path },
        { filename: "été.png", content: PNG, encoding: "base64", cid: "logo@example.com" },
        { filename: "s.bin", content: stream("\r\n.\r\nbytes") },
      ],
    }),
  };
};

/** The same mail composed twice has the same bytes then; `messageId` tells the mails apart. */
export const fixedMail = (mail: SendMailOptions, at: number): SendMailOptions => ({
  from: "Ada <ada@example.com>",
  to: "someone@example.org",
  subject: "x",
  date: new Date("2027-01-31T09:00:00Z"),
  messageId: `<nodemailer-${at}@example.com>`,
  baseBoundary: "boundary",
  ...mail,
});

/** nodemailer makes the ids of images in `data:` URIs by chance. */
const MADE_ID = /[0-9a-f]{20}@localhost/g;

/**
 * A mail in the form in which two that nodemailer has composed are compared: without the field Bcc, which its stream
 * transport keeps and every other leaves out, and without what it makes by chance.
 */
export const comparableMail = (mail: Buffer): string => {
  const text = mail.toString("latin1");
  const end = text.search(/\r?\n\r?\n/);
  const header = text.slice(0, end).replace(/^bcc:.*\r?\n(?:[ \t].*\r?\n)*/im, "");
  return (header + text.slice(end)).replace(MADE_ID, "made@localhost");
};
