import PostalMime, { type Email } from "postal-mime";
import { html, type Markup } from "./html.ts";
import { sendHtml, sendJson } from "./http.ts";
import type { SentMail } from "./mailbox.ts";
import type { Parts } from "./parts.ts";
import type { SandboxRoute } from "./routes.ts";

/** `/mailbox` for people, `/sandbox/mailbox` for programs. */
export const mailboxRoute =
  (parts: Parts): SandboxRoute =>
  async ({ req, res, url }) => {
    const [, first, second, third, fourth] = url.pathname.split("/");
    if (first === "mailbox") {
      const one = second === undefined ? null : parts.mailbox.byId(second);
      if (second === undefined || second === "") sendHtml(res, 200, await listPage(parts.mailbox.all()));
      else if (one === null) sendHtml(res, 404, frame("No such mail", html`<p><a href="/mailbox">All mail</a></p>`));
      else sendHtml(res, 200, await mailPage(one));
      return true;
    }
    if (first !== "sandbox" || second !== "mailbox") return false;
    const one = third === undefined ? null : parts.mailbox.byId(third);
    if (req.method === "DELETE") {
      parts.mailbox.clear();
      sendJson(res, 200, {});
    } else if (third === undefined) {
      sendJson(res, 200, { items: await Promise.all(parts.mailbox.all().map(asJson)) });
    } else if (one === null) {
      sendJson(res, 404, { error: "no such mail" });
    } else if (fourth === "raw") {
      // Never message/rfc822 or HTML: the browser must show the bytes and run nothing.
      res.writeHead(200, { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" });
      res.end(one.raw);
    } else {
      sendJson(res, 200, await asJson(one));
    }
    return true;
  };

const asJson = async (mail: SentMail) => {
  const email = await PostalMime.parse(mail.raw);
  return {
    id: mail.id,
    account: mail.account,
    via: mail.via,
    at: new Date(mail.atMs).toISOString(),
    messageId: mail.messageId,
    envelope: mail.envelope,
    from: header(email, "from"),
    to: header(email, "to"),
    cc: header(email, "cc"),
    subject: email.subject ?? "",
    date: header(email, "date"),
    text: email.text ?? "",
    html: email.html ?? "",
    attachments: email.attachments.map((part) => ({
      filename: part.filename,
      contentType: part.mimeType,
      bytes: sizeOf(part.content),
    })),
    headers: email.headers,
  };
};

const sizeOf = (content: string | ArrayBuffer | Uint8Array): number =>
  typeof content === "string" ? Buffer.byteLength(content) : content.byteLength;

const header = (email: Email, name: string): string => email.headers.find((one) => one.key === name)?.value ?? "";

const frame = (title: string, content: Markup): string =>
  html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Google sandbox</title><link rel="stylesheet" href="/sandbox/style.css"></head>
<body><main><p class="brand">Google sandbox · nothing here left this machine</p><h1>${title}</h1>
${content}
</main></body>
</html>
`.text;

const listPage = async (mails: readonly SentMail[]): Promise<string> => {
  const rows = await Promise.all(
    [...mails].reverse().map(async (mail) => {
      const email = await PostalMime.parse(mail.raw);
      return html`<tr><td>${new Date(mail.atMs).toISOString()}</td><td>${header(email, "from")}</td><td>${mail.envelope.to.join(", ")}</td>
<td><a href="/mailbox/${mail.id}">${email.subject || "(no subject)"}</a></td><td><code>${mail.messageId}</code></td></tr>
`;
    }),
  );
  const head = html`<tr><th>Date</th><th>From</th><th>To</th><th>Subject</th><th>Message-ID</th></tr>`;
  return frame("Sent mail", mails.length === 0 ? html`<p>No mail yet.</p>` : html`<table>${head}${rows}</table>`);
};

const mailPage = async (mail: SentMail): Promise<string> => {
  const email = await PostalMime.parse(mail.raw);
  const facts = [
    ["From", header(email, "from")],
    ["To", header(email, "to")],
    ["Cc", header(email, "cc")],
    ["Recipients", mail.envelope.to.join(", ")],
    ["Date", header(email, "date")],
    ["Message-ID", mail.messageId],
    ["Account", `${mail.account} by ${mail.via === "smtp" ? "SMTP" : "Gmail API"}`],
  ] as const;
  const rows = facts
    .filter(([, value]) => value !== "")
    .map(
      ([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>
`,
    );
  const files = email.attachments.map(
    (part) =>
      html`<li>${part.filename ?? "(unnamed)"} <span>${part.mimeType}, ${sizeOf(part.content)} bytes</span></li>`,
  );
  const source = email.text === undefined && email.html !== undefined ? email.html : (email.text ?? "");
  return frame(
    email.subject || "(no subject)",
    html`<table>${rows}</table><pre>${source}</pre>${files.length === 0 ? [] : html`<h2>Attachments</h2><ul>${files}</ul>`}
<p><a href="/sandbox/mailbox/${mail.id}/raw">Source</a> · <a href="/mailbox">All mail</a></p>`,
  );
};
