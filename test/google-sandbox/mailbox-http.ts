import PostalMime from "postal-mime";
import { sendJson } from "./http.ts";
import type { SentMail } from "./mailbox.ts";
import { fieldOf, sizeOf } from "./parsed-mail.ts";
import type { Parts } from "./parts.ts";
import type { SandboxRoute } from "./routes.ts";

/** `/sandbox/mailbox`: what was sent, for programs. */
export const mailboxRoute =
  (parts: Parts): SandboxRoute =>
  async ({ req, res, url }) => {
    const [, first, second, third, fourth] = url.pathname.split("/");
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
    from: fieldOf(email, "from"),
    to: fieldOf(email, "to"),
    cc: fieldOf(email, "cc"),
    subject: email.subject ?? "",
    date: fieldOf(email, "date"),
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
