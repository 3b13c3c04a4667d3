import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { connectedServer, createServer, type Stack, startStack } from "../builders/connected-stack.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { consentOnPage } from "./google-pages.ts";
import { atLaptop, turnsFrom } from "./readers.ts";
import { settled, signInAs, stayingVisitor, visit, visitAsOperator } from "./visitor.ts";

const turns = turnsFrom(4, 1_280);

const OPERATOR = "operator@example.com";
const GRACE = "grace@example.com";

describe("the console's users", () => {
  let browser: TestBrowser;
  let stack: Stack;
  let adas = "";
  let adasMessage = "";
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([
      startBrowser(),
      startStack({ RELAIS_OPERATORS: OPERATOR, RELAIS_MEMBERS: "@example.com" }),
    ]);
    adas = await connectedServer(stack, { name: "Courrier d’Ada" });
    const body = { server: adas, to: "someone@example.org", subject: "Secret d’Ada", text: "x" };
    const sent = await stack.relais.operate("POST", "/v1/messages", body, { Prefer: "wait=20" });
    const message: { id: string; status: string } = await sent.json();
    assert.equal(message.status, "sent");
    adasMessage = message.id;
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });

  const operator = stayingVisitor((language) => visitAsOperator(browser, stack, { language }));

  turns.scenario("signs an operator in with Google, returns to the page they wanted, and signs out", async (reader) => {
    const visitor = await visit(browser, stack, reader);
    const { page, say } = visitor;
    await visitor.go(`/messages/${adasMessage}`);
    await page.waitForURL(/\/sign-in\?next=/);
    await visitor.follow("signIn.google");
    await consentOnPage(page, { account: OPERATOR });
    await page.getByRole("heading", { level: 1, name: "Secret d’Ada" }).waitFor();
    await page.getByRole("link", { name: "Courrier d’Ada", exact: true }).waitFor();
    await page.getByText(OPERATOR, { exact: true }).waitFor();
    await page.getByRole("link", { name: say("nav.settings"), exact: true }).waitFor();
    await visitor.press("session.signOut");
    await page.getByRole("link", { name: say("signIn.google") }).waitFor();
    await visitor.go(`/messages/${adasMessage}`);
    await page.getByRole("link", { name: say("signIn.google") }).waitFor();
    const session = await visitor.context.request.get(`${stack.relais.origin}/v1/session`);
    assert.equal(session.status(), 401, "the session is over, not only the page");
    await visitor.leave();
  });

  turns.scenario("turns away a person without access and says whom to ask", async (reader) => {
    const { language } = reader;
    const visitor = await visit(browser, stack, reader);
    await signInAs(visitor, "someone@gmail.com");
    await visitor.sees({ text: problemText("not_admitted", language).title });
    await visitor.sees({ text: problemText("not_admitted", language).advice });
    await visitor.page.getByRole("link", { name: language === "fr" ? "Revenir à Relais" : "Back to Relais" }).click();
    await visitor.page.waitForURL(/\/sign-in/);
    await visitor.leave();
  });

  turns.scenario("shows a member only their own mailbox, which they connect and send from", async (reader) => {
    const { language } = reader;
    const name = `Courrier de Grace ${language}`;
    const own = await createServer(stack, { name, username: GRACE });
    const visitor = await visit(browser, stack, reader);
    const { page, say } = visitor;
    await signInAs(visitor, GRACE, "/servers");
    await page.getByRole("link", { name, exact: true }).waitFor();
    assert.equal(await page.getByText("Ada").count(), 0);
    for (const key of ["nav.setup", "nav.settings", "nav.operations", "servers.new"] as const)
      assert.equal(await page.getByRole("link", { name: say(key), exact: true }).count(), 0, key);

    await page.getByRole("link", { name, exact: true }).click();
    await visitor.follow("connect.first");
    await consentOnPage(page, { account: GRACE });
    await visitor.sees("connection.nowConnected");
    await visitor.press("test.action");
    await page.getByText(say("test.ok"), { exact: true }).waitFor();
    await visitor.press("mail.send");
    await visitor.sees("message.says.sent");

    await stack.relais.operate("PATCH", "/v1/settings", { paused: true });
    await visitor.turnTo("/");
    await visitor.sees("home.paused");
    await stack.relais.operate("PATCH", "/v1/settings", { paused: false });

    await visitor.turnTo("/messages");
    await page
      .getByRole("link", { name: say("mail.subjectDefault") })
      .first()
      .waitFor();
    assert.equal(await page.getByText("Secret d’Ada").count(), 0);
    for (const path of [`/servers/${adas}`, `/messages/${adasMessage}`, `/messages?server=${adas}`]) {
      await visitor.turnTo("/nowhere");
      await visitor.turnTo(path);
      await visitor.sees({ text: problemText("not_found", language).title });
      assert.equal(await page.getByText("Secret d’Ada").count(), 0, path);
    }
    for (const [at, path] of ["/setup", "/keys", "/operations", "/settings", "/audit", "/servers/new"].entries()) {
      // Whether one comes from elsewhere or from within the console.
      await (at === 0 ? visitor.go(path) : visitor.turnTo(path));
      await page.getByRole("heading", { level: 1, name: say("operatorsOnly.title") }).waitFor();
      await page.getByRole("main").getByRole("link", { name: OPERATOR }).waitFor();
    }
    const deleted = await stack.relais.operate("DELETE", `/v1/mail-servers/${own}`);
    assert.equal(deleted.status, 204, await deleted.text());
    await visitor.leave();
  });

  it("shows operators who is signed in, ends all sessions of a person, and finds that in the audit", async () => {
    const member = await visit(browser, stack, { language: "en" });
    await signInAs(member, GRACE);
    const visitor = await operator.as(atLaptop("fr"));
    const { page, say } = visitor;
    await visitor.turnTo("/operations");
    const row = page.getByRole("row").filter({ hasText: GRACE });
    await row.getByText(say("role.member"), { exact: true }).waitFor();
    await row.getByRole("button").click();
    await visitor.inDialog("sessions.end");
    await row.waitFor({ state: "detached" });
    const session = await member.context.request.get(`${stack.relais.origin}/v1/session`);
    assert.equal(session.status(), 401);
    await member.leave();

    await visitor.follow("audit.title");
    await page.getByLabel(say("audit.action"), { exact: true }).selectOption("session.end");
    await page.waitForURL(/\/audit\?action=session\.end$/);
    await page.getByRole("row").filter({ hasText: GRACE }).waitFor();
    assert.equal(await page.getByRole("row").count(), 2, "the heading and the one entry");
    const saved = page.waitForEvent("download");
    await visitor.press("export.csv");
    const file = readFileSync(await (await saved).path(), "utf8");
    assert.match(
      file,
      /^\uFEFFat,actor,action,target,actionName,targetName,detail\r\n[^\n]*,setup-token,session\.end,grace@example\.com,/,
    );
    // Whatever a person types is no error of the API.
    await page.getByLabel(say("audit.actor"), { exact: true }).fill("nobody at all <>");
    await page.keyboard.press("Enter");
    await visitor.sees("audit.noneFound");
    await visitor.press("filters.clear");
    await page.getByRole("row").nth(2).waitFor();
    await operator.rest();
  });

  it("asks to sign in when the session has ended, refuses a wrong token, and returns to the same page", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    const { page, context } = visitor;
    await visitor.turnTo("/servers");
    await settled(visitor);
    await context.clearCookies();
    await visitor.turnTo("/messages");
    await page.waitForURL(/\/sign-in\?next=/);
    await visitor.sees("signIn.ended");
    await page.getByText(visitor.say("signIn.setup")).click();
    await visitor.field("signIn.token").fill("not the token");
    await page.keyboard.press("Enter");
    await page
      .getByRole("alert")
      .filter({ hasText: visitor.say("signIn.tokenRefused") })
      .waitFor();
    const said = await page.getByRole("alert").locator("p").allTextContents();
    const wanted = [visitor.say("signIn.tokenRefusedTitle"), visitor.say("signIn.tokenRefused")];
    assert.deepEqual(said, wanted, "no advice to programs, no request id");
    assert.equal(await page.getByRole("alert").locator("details").count(), 0);
    await visitor.field("signIn.token").fill(stack.relais.setupToken);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${stack.relais.origin}/messages`);
    await page.getByRole("link", { name: "Secret d’Ada" }).waitFor();
    await operator.rest();
  });

  it("limits a member to their own mailbox in the API too, whatever the page allows", async () => {
    const own = await createServer(stack, { name: "Courrier de Grace", username: GRACE });
    const visitor = await visit(browser, stack, { language: "fr" });
    await signInAs(visitor, GRACE);
    await settled(visitor);
    const { request } = visitor.context;
    const session: { role: string; paused: boolean } = await (
      await request.get(`${stack.relais.origin}/v1/session`)
    ).json();
    assert.equal(session.role, "member");
    assert.equal(session.paused, false);
    const asks = async (method: string, path: string, data?: object): Promise<number> => {
      const answer = await request.fetch(`${stack.relais.origin}${path}`, {
        method,
        ...(data && { data }),
        headers: { "Sec-Fetch-Site": "same-origin" },
        maxRedirects: 0,
      });
      assert.doesNotMatch(await answer.text(), /ada@example\.com|Courrier d.Ada|Secret/, `${method} ${path}`);
      return answer.status();
    };
    const server = `/v1/mail-servers/${adas}`;
    const message = `/v1/messages/${adasMessage}`;
    const mail = { server: adas, to: "x@example.org", subject: "s", text: "t" };
    for (const [method, path, data] of [
      ["GET", server],
      ["PATCH", server, { name: "À moi" }],
      ["DELETE", server],
      ["POST", `${server}/test`, {}],
      ["POST", `${server}/disconnect`, {}],
      ["GET", message],
      ["PATCH", message, { scheduledAt: "2030-01-01T00:00:00Z" }],
      ["POST", `${message}/cancel`, {}],
      ["POST", `${message}/retry`, {}],
      ["POST", `${message}/resolve`, { as: "sent" }],
      ["GET", `/v1/messages?server=${adas}`],
      ["GET", `/google_gmail/authorize?server=${adas}`],
    ] as const)
      assert.equal(await asks(method, path, data), 404, `${method} ${path}`);
    assert([403, 404, 409, 422].includes(await asks("POST", "/v1/messages", mail)), "sends from another's");
    for (const path of ["/v1/settings", "/v1/settings/gmail-credentials", "/v1/keys", "/v1/audit", "/v1/doctor"])
      assert.equal(await asks("GET", path), 403, path);
    assert.equal(await asks("POST", "/v1/keys", { name: "k", permissions: ["send"] }), 403);
    assert.equal(await asks("POST", "/v1/mail-servers", { name: "n", username: "ada@example.com" }), 403);
    assert.equal(await asks("PATCH", `/v1/mail-servers/${own}`, { username: "ada@example.com" }), 403);
    assert.equal(await asks("GET", "/v1/mail-servers"), 200);
    assert.equal(await asks("GET", "/v1/messages"), 200);

    // Removed from the list: signed out at the next click, with the page open.
    const changed = await stack.relais.operate("PATCH", "/v1/settings", { members: ["ada@example.com"] });
    assert.equal(changed.status, 200, await changed.text());
    await visitor.follow("nav.messages");
    await visitor.page.waitForURL(/\/sign-in/);
    assert.equal(await asks("GET", "/v1/session"), 401);
    await stack.relais.operate("PATCH", "/v1/settings", { members: ["@example.com"] });
    await visitor.leave();
  });
});
