import type { ServerResponse } from "node:http";
import type { SandboxAccount } from "./accounts.ts";
import { authorize } from "./gmail-authorization.ts";
import { takeUpload } from "./gmail-upload.ts";
import { googleApiError } from "./google-error.ts";
import { readBody, sendJson } from "./http.ts";
import { playInterruption } from "./interruption.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { addressesIn, fieldOf, readHeaders } from "./mail-headers.ts";
import type { SentMail } from "./mailbox.ts";
import type { Parts } from "./parts.ts";
import type { Exchange, SandboxRoute } from "./routes.ts";
import type { GmailMethod } from "./scopes.ts";

/** Gmail's REST API, as far as a sender needs it (developers.google.com/workspace/gmail/api/reference/rest). */
export const gmailRoute = (parts: Parts): SandboxRoute => {
  const uploads = new Map<string, SandboxAccount>();
  return async (exchange) => {
    const called = methodOf(exchange);
    if (called === null) return false;
    // The parts of a resumable upload need no token: the session's address is the permission.
    const session = exchange.url.searchParams.get("upload_id") ?? "";
    const account = uploads.get(session) ?? authorize(parts, exchange, called.method);
    if (account === null) return true;
    parts.counters.gmailCall(called.method);
    // The body comes first: a client that is answered while it still writes sees a broken pipe instead of the answer.
    const body = await readBody(exchange.req);
    if (playInterruption(parts, exchange.res, { at: called.method, account: account.email })) return true;
    const { res, url } = exchange;
    switch (called.method) {
      case "messages.send": {
        const mime = called.upload ? takeUpload(uploads, exchange, { account, body }) : rawOf(res, body);
        if (mime !== null) send(parts, res, { account, mime });
        return true;
      }
      case "messages.list":
        list(parts, res, { account, query: url.searchParams.get("q") ?? "" });
        return true;
      case "messages.get":
        show(res, parts.mailbox.byId(called.id), account);
        return true;
      case "settings.sendAs.list":
        sendJson(res, 200, { sendAs: sendAsOf(account) });
        return true;
      case "getProfile":
        sendJson(res, 200, { emailAddress: account.email, messagesTotal: 1, threadsTotal: 1, historyId: "1" });
        return true;
    }
  };
};

interface Called {
  readonly method: GmailMethod;
  readonly upload: boolean;
  readonly id: string;
}

const methodOf = ({ req, url }: Exchange): Called | null => {
  const match = /^(\/upload)?\/gmail\/v1\/users\/[^/]+\/(.+)$/.exec(url.pathname);
  if (match === null) return null;
  const [upload, rest = ""] = [match[1] !== undefined, match[2]];
  const called = (method: GmailMethod, id = ""): Called => ({ method, upload, id });
  if (rest === "messages/send") return called("messages.send");
  if (req.method !== "GET") return null;
  if (rest === "messages") return called("messages.list");
  if (rest === "settings/sendAs") return called("settings.sendAs.list");
  if (rest === "profile") return called("getProfile");
  const id = /^messages\/([^/]+)$/.exec(rest)?.[1];
  return id === undefined ? null : called("messages.get", id);
};

const invalid = (res: ServerResponse, message: string): null => {
  googleApiError(res, { status: 400, reason: "invalidArgument", message });
  return null;
};

const rawOf = (res: ServerResponse, body: Buffer): Buffer | null => {
  try {
    const { raw }: { raw?: unknown } = JSON.parse(body.toString());
    if (typeof raw !== "string" || raw === "")
      return invalid(res, "'raw' RFC822 payload message string or uploading message via /upload/* URL required");
    return Buffer.from(raw, "base64url");
  } catch {
    return invalid(res, "Invalid JSON payload received.");
  }
};

const send = (parts: Parts, res: ServerResponse, given: { account: SandboxAccount; mime: Buffer }): void => {
  const { account, mime } = given;
  if (mime.length > MAX_MESSAGE_BYTES) {
    googleApiError(res, { status: 413, reason: "uploadTooLarge", message: "Request Entity Too Large" });
    return;
  }
  const headers = readHeaders(mime);
  const to = [...new Set(["to", "cc", "bcc"].flatMap((name) => addressesIn(fieldOf(headers, name) ?? "")))];
  if (to.length === 0) {
    invalid(res, "Recipient address required");
    return;
  }
  const mail = parts.mailbox.deliver({ account, via: "gmail_api", to, givenFrom: null, mime });
  if (playInterruption(parts, res, { at: "messages.send", account: account.email, afterWork: true })) return;
  sendJson(res, 200, { id: mail.id, threadId: mail.id, labelIds: ["SENT"] });
};

const list = (parts: Parts, res: ServerResponse, asked: { account: SandboxAccount; query: string }): void => {
  const messageId = /rfc822msgid:(\S+)/.exec(asked.query)?.[1];
  const found =
    messageId === undefined
      ? parts.mailbox.all().filter((mail) => mail.account === asked.account.email)
      : parts.mailbox.search(asked.account.email, messageId);
  const messages = found.map(({ id }) => ({ id, threadId: id }));
  sendJson(res, 200, {
    ...(messages.length === 0 ? {} : { messages }),
    resultSizeEstimate: messages.length,
  });
};

const show = (res: ServerResponse, mail: SentMail | null, account: SandboxAccount): void => {
  if (mail === null || mail.account !== account.email) {
    googleApiError(res, { status: 404, reason: "notFound", message: "Requested entity was not found." });
    return;
  }
  const headers = readHeaders(mail.raw).fields.map(({ raw, value }) => ({
    name: raw.slice(0, raw.indexOf(":")),
    value,
  }));
  sendJson(res, 200, {
    id: mail.id,
    threadId: mail.id,
    labelIds: ["SENT"],
    sizeEstimate: mail.raw.length,
    internalDate: String(mail.atMs),
    payload: { headers },
  });
};

const sendAsOf = (account: SandboxAccount) => [
  {
    sendAsEmail: account.email,
    displayName: account.name,
    replyToAddress: "",
    signature: "",
    isPrimary: true,
    isDefault: true,
  },
  ...account.sendAs.map((alias) => ({
    sendAsEmail: alias.email,
    displayName: alias.name,
    replyToAddress: "",
    signature: "",
    treatAsAlias: true,
    ...(alias.verification === "none" ? {} : { verificationStatus: alias.verification }),
  })),
];
