import PostalMime, { type Email } from "postal-mime";
import type { Language } from "../../functions/domain/language.ts";
import { html, type Markup } from "./html.ts";
import { sendHtml, sendMailHtml } from "./http.ts";
import { type Reader, readerOf } from "./language.ts";
import type { SentMail } from "./mailbox.ts";
import { page } from "./page.ts";
import { fieldOf, sizeOf } from "./parsed-mail.ts";
import type { Parts } from "./parts.ts";
import type { SandboxRoute } from "./routes.ts";
import { say } from "./words.ts";

/** `/mailbox`: what was sent, for people. */
export const mailboxPages =
  (parts: Parts): SandboxRoute =>
  async ({ req, res, url }) => {
    const [, first, second = "", third] = url.pathname.split("/");
    if (first !== "mailbox") return false;
    const reader = readerOf(req, res);
    const one = parts.mailbox.byId(second);
    const relais = new URL("/", parts.clients.redirectUris()[0] ?? parts.origin).href;
    if (second === "") sendHtml(res, 200, await listPage(reader, parts.mailbox.all(), relais));
    else if (one === null) sendHtml(res, 404, missingPage(reader));
    else if (third === "html") sendMailHtml(res, (await PostalMime.parse(one.raw)).html ?? "");
    else sendHtml(res, 200, await mailPage(reader, one));
    return true;
  };

const backToList = ({ language }: Reader): Markup => html`<a href="/mailbox">← ${say(language, "allMail")}</a>`;

const missingPage = (reader: Reader): string =>
  page(reader, { title: say(reader.language, "noSuchMail") }, html`<p>${backToList(reader)}</p>`);

const timeOf = ({ atMs }: SentMail, language: Language): Markup => {
  const at = new Date(atMs);
  const shown = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(at);
  return html`<time datetime="${at.toISOString()}">${shown}</time>`;
};

const subjectOf = (email: Email, language: Language): string => email.subject || say(language, "noSubject");

const listPage = async (reader: Reader, mails: readonly SentMail[], relais: string): Promise<string> => {
  const { language } = reader;
  const rows = await Promise.all(
    [...mails].reverse().map(async (mail) => {
      const email = await PostalMime.parse(mail.raw);
      return html`<tr><td><a href="/mailbox/${mail.id}">${subjectOf(email, language)}</a></td>
<td data-label="${say(language, "from")}">${fieldOf(email, "from")}</td>
<td data-label="${say(language, "to")}">${mail.envelope.to.join(", ")}</td><td>${timeOf(mail, language)}</td></tr>
`;
    }),
  );
  const heads = (["subject", "from", "to", "date"] as const).map(
    (name) => html`<th scope="col">${say(language, name)}</th>`,
  );
  const title = say(language, "sentMail");
  const table = html`<table class="mails" aria-label="${title}"><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table>`;
  return page(
    reader,
    { title, isWide: true },
    html`<p class="bar"><span class="fine">${say(language, "sentMailText")}</span>
<span><a href="/mailbox">${say(language, "refresh")}</a> · <a href="${relais}">${say(language, "backToRelais")}</a></span></p>
${mails.length === 0 ? html`<p>${say(language, "noMail")}</p>` : table}`,
  );
};

const factsOf = (mail: SentMail, email: Email, language: Language): Markup => {
  const way = say(language, mail.via === "smtp" ? "bySmtp" : "byApi");
  const facts = [
    ["from", fieldOf(email, "from")],
    ["to", fieldOf(email, "to")],
    ["cc", fieldOf(email, "cc")],
    ["recipients", mail.envelope.to.join(", ")],
    ["date", fieldOf(email, "date")],
    ["messageId", mail.messageId],
    ["account", `${mail.account} ${way}`],
  ] as const;
  const rows = facts
    .filter(([, value]) => value !== "")
    .map(
      ([name, value]) => html`<tr><th scope="row">${say(language, name)}</th><td>${value}</td></tr>
`,
    );
  return html`<table>${rows}</table>`;
};

/** HTML is shown in a frame of its own, in which nothing runs and nothing is loaded. */
const bodyOf = (mail: SentMail, email: Email, language: Language): Markup => {
  const framed = html`<h2>${say(language, "asHtml")}</h2>
<iframe title="${say(language, "asHtml")}" src="/mailbox/${mail.id}/html" sandbox></iframe>`;
  const plain = html`<h2>${say(language, "asText")}</h2><pre>${email.text ?? ""}</pre>`;
  return html`${email.html === undefined ? [] : framed}${email.text === undefined && email.html ? [] : plain}`;
};

const filesOf = (email: Email, language: Language): Markup | [] => {
  const files = email.attachments.map(
    (part) =>
      html`<li>${part.filename ?? say(language, "unnamed")} <span class="fine">${part.mimeType}, ${sizeOf(part.content)} ${say(language, "bytes")}</span></li>`,
  );
  return files.length === 0 ? [] : html`<h2>${say(language, "attachments")}</h2><ul>${files}</ul>`;
};

const mailPage = async (reader: Reader, mail: SentMail): Promise<string> => {
  const { language } = reader;
  const email = await PostalMime.parse(mail.raw);
  return page(
    reader,
    { title: subjectOf(email, language), isWide: true },
    html`<p class="bar">${backToList(reader)} <a href="/sandbox/mailbox/${mail.id}/raw">${say(language, "source")}</a></p>
${factsOf(mail, email, language)}
${bodyOf(mail, email, language)}
${filesOf(email, language)}`,
  );
};
