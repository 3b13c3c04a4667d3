/** Mails that break careless programs, as a caller sends them. We made all of them ourselves. */

export interface MailboxJson {
  readonly name: string;
  readonly address: string;
}

export interface AttachmentJson {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Buffer;
  readonly cid?: string;
  /** The media type under which it arrives, if different. */
  readonly arrivesAs?: string;
}

export interface AwkwardMail {
  readonly from?: MailboxJson;
  readonly to?: readonly MailboxJson[];
  readonly cc?: readonly MailboxJson[];
  readonly bcc?: readonly MailboxJson[];
  readonly replyTo?: readonly MailboxJson[];
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly references?: readonly string[];
  readonly attachments?: readonly AttachmentJson[];
  /** What readers see, if it differs from what was given. */
  readonly arrives?: Omit<AwkwardMail, "arrives" | "attachments">;
}

const mailbox = (address: string, name = ""): MailboxJson => ({ name, address });
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

const file = (filename: string, contentType: string, content: Buffer | string, cid?: string): AttachmentJson => ({
  filename,
  contentType,
  content: Buffer.from(content),
  ...(cid === undefined ? {} : { cid }),
});

/** A mail in a mail: multiparts within multiparts, an 8-bit part, and lines that look like a boundary. */
const NESTED = [
  "From: Inner <inner@example.org>",
  "To: x@example.org",
  "Subject: =?utf-8?Q?int=C3=A9rieur?=",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="outer"',
  "",
  "--outer",
  'Content-Type: multipart/alternative; boundary="outer-inner"',
  "",
  "--outer-inner",
  "Content-Type: text/plain; charset=utf-8",
  "Content-Transfer-Encoding: 8bit",
  "",
  "Où ça ?",
  ".",
  "--outer-inner",
  "Content-Type: text/html; charset=utf-8",
  "",
  "<p>x</p>",
  "--outer-inner--",
  "--outer",
  "Content-Type: message/rfc822",
  "",
  "Subject: deepest",
  "",
  "deep",
  "--outer--",
  "",
].join("\r\n");

const KINDS = ["application/pdf", "image/png", "text/plain", "text/csv", "application/octet-stream", "text/css"];

export const AWKWARD: Readonly<Record<string, AwkwardMail>> = {
  emoji: {
    from: mailbox("ada@example.com", "Ada 👩‍🔬"),
    to: [mailbox("b@example.org", "🎉 Zoë 🎉")],
    subject: "👩‍👩‍👧‍👦 ".repeat(20).trim(),
    text: "👩‍👩‍👧‍👦🏳️‍🌈 e\u0301 é\n",
    html: "<p>🧑🏽‍🚀</p>",
  },
  "right to left": {
    from: mailbox("ada@example.com", "שלום"),
    to: [mailbox("b@example.org", "مرحبا بالعالم")],
    subject: "مرحبا \u202Eabc\u202C שלום",
    text: "שלום \u200Fabc\u200E 123\n",
    html: '<p dir="rtl">مرحبا</p>',
  },
  "lines of 2 MB": { text: `${"x".repeat(2_000_000)}\nfin\n`, html: `<p>${"é".repeat(1_000_000)}</p>` },
  "domains beyond ASCII": {
    to: [mailbox("b@exämple.org", "B"), mailbox("c@münchen.example")],
    cc: [mailbox("d@例え.jp")],
    replyTo: [mailbox("r@пример.рф", "Р")],
    text: "x\n",
  },
  "lines of 998 characters, and of 999": {
    subject: "s".repeat(998),
    headers: { "X-Long-Word": "w".repeat(998), "X-Long-Text": "mot ".repeat(240).trim(), "X-Accents": "é".repeat(400) },
    text: `${"y".repeat(998)}\n${"z".repeat(999)}\n${"é".repeat(998)}\n`,
    html: `<p>${"h".repeat(991)}</p>\n<p>${"h".repeat(992)}</p>`,
  },
  "40 attachments": {
    text: "x\n",
    attachments: Array.from({ length: 40 }, (_, n) =>
      file(
        `${n} été “${n}”, ; = 日本.bin`,
        KINDS[n % KINDS.length] ?? "",
        Buffer.concat([everyByte, Buffer.alloc(n * 97, n)]),
      ),
    ),
  },
  "inline images beside files": {
    text: "logo\n",
    html: '<img src="cid:logo@example.com"><img src="cid:other@example.com">',
    attachments: [
      file("logo.png", "image/png", PNG, "logo@example.com"),
      file("other.png", "image/png", Buffer.concat([PNG, everyByte]), "other@example.com"),
      file("a.pdf", "application/pdf", everyByte),
    ],
  },
  "multiparts within multiparts": {
    text: "--\n----_NmP-1\n",
    html: "<p>--outer--</p>",
    attachments: [
      file("inner.eml", "message/rfc822", NESTED),
      file("plain.eml", "message/rfc822", "Subject: plain\r\n\r\n.\r\nFrom here\r\n"),
      file("feeds.eml", "Message/RFC822", "Subject: feeds\n\nÀ bientôt\n"),
      {
        ...file("long.eml", "message/rfc822", `Subject: long\r\n\r\n${"y".repeat(3_000)}\nbare`),
        arrivesAs: "application/octet-stream",
      },
      file("logo.png", "image/png", PNG, "logo@example.com"),
      file("lone.txt", "text/plain", "lone \r return\nlone \n feed\r\n.\r\n..\r\nFrom here\r\n  blank end \t"),
      file("latin.txt", "text/plain; charset=iso-8859-1", Buffer.from([0xe9, 0x74, 0xe9, 0x0a])),
      file("meeting.ics", "text/calendar", "BEGIN:VCALENDAR\r\nSUMMARY:Été\r\nEND:VCALENDAR\r\n"),
      file("page.html", "text/html", "<p>\r\n</p>"),
      file("empty.bin", "application/octet-stream", ""),
    ],
  },
  "names and headers that look like something else": {
    from: mailbox("ada@example.com", 'Lovelace, Ada "A" <x@y.org>, fils\\'),
    to: [mailbox("b@example.org", "a=?b?=c @ d"), mailbox("d.e+f@example.org", "(comment) B;")],
    cc: [mailbox("c@example.org", "c@other.org")],
    subject: "=?utf-8?B?bm8= Re: a\u00a0b",
    headers: { "X-Text": "=? , ; <a@b.c> (x) \\ ?=", "X-Ville": "Besançon, à côté de l’eau" },
    references: Array.from({ length: 100 }, (_, n) => `<${n}.${"r".repeat(40)}@example.com>`),
    text: ".\n..\n.x\nFrom here\n>From there\n\n\n",
    html: "<p>=3D=\n</p>",
  },
  "names, subjects and headers that come as encoded words": {
    from: mailbox("ada@example.com", "=?iso-8859-1?q?Ad=E9?="),
    subject: `=?utf-8?B?w6k=?= =?x?= ${"=?us-ascii?b?bm8=?= ".repeat(8).trim()}`,
    headers: { "X-Text": "a =?utf-8?B?bm8=?= b" },
    text: "=?utf-8?Q?non?=\n",
    arrives: {
      from: mailbox("ada@example.com", "Adé"),
      subject: "é =?x?= nononononononono",
      headers: { "X-Text": "a no b" },
    },
  },
  "hidden recipients only": { to: [], bcc: [mailbox("hidden@example.org", "Caché")], text: " \n" },
};
