import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { gmail } from "googleapis/build/src/apis/gmail/index.js";
import { eventually } from "../../builders/eventually.ts";
import { API_SCOPE, connect } from "../../google-sandbox/client-program.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

const MAIL =
  'From: Ada <ada@example.com>\r\nTo: b@y.org\r\nCc: "C, D" <c@y.org>\r\nBcc: d@y.org\r\nMessage-ID: <m1@example.com>\r\nSubject: s\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n\r\nHello\r\n';

describe("the sandbox's Gmail REST", () => {
  let sandbox: GoogleSandbox;
  let full: string;
  let sendOnly: string;
  before(async () => {
    sandbox = await startGoogleSandbox();
    full = (await connect(sandbox)).body.access_token ?? "";
    sendOnly = (await connect(sandbox, undefined, { scope: API_SCOPE })).body.access_token ?? "";
  });
  afterEach(() => {
    sandbox.control.clear();
    sandbox.control.clearMails();
  });
  after(() => sandbox.close());

  const call = async (token: string, path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${sandbox.environment.GMAIL_API_ROOT_URL}${path}`, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${token}` },
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === "" ? null : JSON.parse(text) };
  };
  const get = (token: string, path: string) => call(token, `/gmail/v1/users/me/${path}`);
  const send = (token: string, mime = MAIL, init: RequestInit = {}) =>
    call(token, "/gmail/v1/users/me/messages/send", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ raw: Buffer.from(mime).toString("base64url") }),
      ...init,
    });

  it("sends a message in base64url to everyone whom its headers name", async () => {
    const { status, body } = await send(sendOnly);
    assert.equal(status, 200);
    assert.deepEqual(body.labelIds, ["SENT"]);
    const [mail] = sandbox.control.mails();
    assert.equal(mail?.via, "gmail_api");
    assert.equal(mail?.id, body.id);
    assert.deepEqual(mail?.envelope.to, ["b@y.org", "c@y.org", "d@y.org"]);
    assert.doesNotMatch(mail?.raw.toString() ?? "", /Bcc/);
  });

  it("accepts uploads as media, multipart and resumable, without changing a byte", async () => {
    const path = "/upload/gmail/v1/users/me/messages/send?uploadType=";
    const mime = MAIL.replace("Bcc: d@y.org\r\n", "");
    const media = { method: "POST", headers: { "content-type": "message/rfc822" }, body: mime };
    assert.equal((await call(full, `${path}media`, media)).status, 200);
    const related = `--b1\r\nContent-Type: application/json\r\n\r\n{}\r\n--b1\r\nContent-Type: message/rfc822\r\n\r\n${mime}\r\n--b1--`;
    const multipart = { method: "POST", headers: { "content-type": "multipart/related; boundary=b1" }, body: related };
    assert.equal((await call(full, `${path}multipart`, multipart)).status, 200);
    const session = await call(full, `${path}resumable`, { method: "POST" });
    const location = session.headers.get("location") ?? "";
    const put = await fetch(location, { method: "PUT", body: mime });
    assert.equal(put.status, 200);
    await put.body?.cancel();
    assert.deepEqual(
      sandbox.control.mails().map(({ raw }) => raw.toString()),
      [mime, mime, mime],
    );
    assert.equal((await call(full, `${path}other`, { method: "POST" })).status, 400);
  });

  it("works with Google's own client, including uploads", async () => {
    const client = gmail("v1");
    // For uploads the client reads the root only from each call's options.
    const rootUrl = sandbox.environment.GMAIL_API_ROOT_URL ?? "";
    const headers = { authorization: `Bearer ${full}` };
    const mime = MAIL.replace("Bcc: d@y.org\r\n", "");
    await client.users.messages.send(
      { userId: "me", media: { mimeType: "message/rfc822", body: mime } },
      { headers, rootUrl },
    );
    await client.users.messages.send(
      { userId: "me", requestBody: {}, media: { mimeType: "message/rfc822", body: mime } },
      { headers, rootUrl },
    );
    assert.deepEqual(
      sandbox.control.mails().map(({ raw }) => raw.toString()),
      [mime, mime],
    );
    const profile = await client.users.getProfile({ userId: "me" }, { headers, rootUrl });
    assert.equal(profile.data.emailAddress, "ada@example.com");
  });

  it("finds a sent message by its Message-ID, with brackets or without", async () => {
    const { body } = await send(full);
    for (const query of ["in:sent rfc822msgid:<m1@example.com>", "rfc822msgid:m1@example.com"]) {
      const found = await get(full, `messages?q=${encodeURIComponent(query)}`);
      assert.deepEqual(found.body.messages, [{ id: body.id, threadId: body.id }]);
    }
    const none = await get(full, "messages?q=rfc822msgid:other@example.com");
    assert.deepEqual(none.body, { resultSizeEstimate: 0 });
    const grace = await connect(sandbox, { account: "grace@example.com" });
    const theirs = await get(grace.body.access_token ?? "", "messages?q=rfc822msgid:m1@example.com");
    assert.equal(theirs.body.messages, undefined);
    const read = await get(full, `messages/${body.id}?format=metadata`);
    const messageId = read.body.payload.headers.find(({ name }: { name: string }) => name === "Message-ID");
    assert.equal(messageId.value, "<m1@example.com>");
    assert.equal((await get(full, "messages/0000000000000000")).status, 404);
  });

  it("delays the search index when told to", async () => {
    sandbox.control.set({ fault: "search_lag", ms: 60_000 }, { times: 1 });
    await send(full);
    const search = async () => (await get(full, "messages?q=rfc822msgid:m1@example.com")).body.resultSizeEstimate;
    assert.equal(await search(), 0);
    sandbox.control.advance(60_000);
    full = (await connect(sandbox)).body.access_token ?? "";
    assert.equal(await search(), 1);
  });

  it("lists send-as addresses: verified, pending, and the domain's own without a status", async () => {
    const { body } = await get(full, "settings/sendAs");
    const verified = body.sendAs.map(
      (one: { sendAsEmail: string; isPrimary?: boolean; verificationStatus?: string }) => [
        one.sendAsEmail,
        one.isPrimary === true ? "primary" : one.verificationStatus,
      ],
    );
    assert.deepEqual(verified, [
      ["ada@example.com", "primary"],
      ["billing@example.com", "accepted"],
      ["sales@example.com", "pending"],
      ["contact@example.com", undefined],
    ]);
  });

  it("restricts gmail.send to sending, with Google's words", async () => {
    for (const path of ["messages?q=rfc822msgid:m1", "settings/sendAs", "profile", "messages/1"]) {
      const { status, body } = await get(sendOnly, path);
      assert.equal(status, 403, path);
      assert.equal(body.error.status, "PERMISSION_DENIED");
      assert.equal(body.error.errors[0].reason, "insufficientPermissions");
      assert.equal(body.error.details[0].reason, "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
    }
    const scope = "openid email https://www.googleapis.com/auth/gmail.metadata";
    const metadata = (await connect(sandbox, undefined, { scope })).body.access_token ?? "";
    assert.equal((await get(metadata, "messages")).status, 200);
    assert.equal((await get(metadata, "messages?q=rfc822msgid:m1")).status, 403);
    assert.equal((await send(metadata)).status, 403);
  });

  it("refuses a wrong token, and a message without recipients or content", async () => {
    const { status, body } = await get("ya29.wrong", "profile");
    assert.deepEqual([status, body.error.code, body.error.status], [401, 401, "UNAUTHENTICATED"]);
    assert.equal(
      (await send(full, "From: ada@example.com\r\n\r\nHello\r\n")).body.error.message,
      "Recipient address required",
    );
    assert.equal((await send(full, MAIL, { body: "{}" })).status, 400);
    assert.equal((await send(full, MAIL, { body: "{" })).status, 400);
  });

  it("rewrites a From that does not belong to the account, and the Message-ID when told to", async () => {
    sandbox.control.set({ fault: "rewrite_message_id" }, { times: 1 });
    await send(full, MAIL.replace("ada@example.com", "boss@elsewhere.org"));
    const [mail] = sandbox.control.mails();
    assert.match(mail?.raw.toString() ?? "", /^From: Ada <ada@example\.com>\r$/m);
    assert.match(mail?.messageId ?? "", /@mail\.gmail\.com>$/);
    assert.match(mail?.raw.toString() ?? "", /^Message-ID: <CA/m);
  });

  it("simulates 429 and 5xx, before and after it accepts the message", async () => {
    const { control } = sandbox;
    control.set({ fault: "http_error", at: "messages.send", status: 429, retryAfterSeconds: 7 }, { times: 1 });
    const limited = await send(full);
    assert.deepEqual([limited.status, limited.body.error.errors[0].reason], [429, "rateLimitExceeded"]);
    assert.equal(limited.headers.get("retry-after"), "7");
    control.set({ fault: "http_error", at: "gmail", status: 503 }, { times: 1, account: "ada@example.com" });
    assert.equal((await send(full)).body.error.status, "UNAVAILABLE");
    assert.deepEqual(control.mails(), []);
    control.set({ fault: "http_error", at: "messages.send", status: 500, afterWork: true }, { times: 1 });
    assert.equal((await send(full)).status, 500);
    assert.equal(control.mails().length, 1);
  });

  it("falls silent after it has accepted the message", async () => {
    sandbox.control.set({ fault: "stall", at: "messages.send", afterWork: true }, { times: 1 });
    const leaving = new AbortController();
    const answered = send(full, MAIL, { signal: leaving.signal });
    answered.catch(() => undefined);
    await eventually("it is taken", () => sandbox.control.mails().length === 1);
    assert.equal(await Promise.race([answered, delay(300, "silence")]), "silence");
    leaving.abort();
    await assert.rejects(answered, { name: "AbortError" });
  });
});
