import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe } from "node:test";
import { promisify } from "node:util";
import { connect, createServer } from "../builders/connected-stack.ts";
import { eventually } from "../builders/eventually.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { type FurnishedStack, startFurnishedStack } from "./furnished-stack.ts";
import { turnsFrom } from "./readers.ts";
import { openStep, settled, signInAs, stayingVisitor, visit, visitAsOperator } from "./visitor.ts";

const turns = turnsFrom(0);

const read = async <T>(stack: FurnishedStack, path: string): Promise<T> => {
  const answer = await stack.relais.operate("GET", path);
  const value: T = await answer.json();
  return value;
};

describe("the console's safeguards and guidance", () => {
  let browser: TestBrowser;
  let stack: FurnishedStack;
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), startFurnishedStack()]);
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });

  const operator = stayingVisitor((language) => visitAsOperator(browser, stack, { language }));

  turns.scenario(
    "leads from the connected mailbox to the program that sends, with a call that works unchanged",
    async (reader) => {
      const { language } = reader;
      const visitor = await operator.as(reader);
      const { page } = visitor;
      await visitor.turnTo("/setup");
      await openStep(visitor, "setup.program");
      await visitor.follow("setup.programLink");
      await settled(visitor);
      // The link opens the dialog as well.
      const dialog = page.getByRole("dialog");
      await visitor.field("key.name").fill(`Programme ${language}`);
      const expires = dialog.locator("input[type=date]");
      await expires.fill("123456-01-01");
      await visitor.press("key.make");
      assert.equal(await page.locator("input:out-of-range").count(), 1);
      // A browser that knows no such limit leaves it to the API.
      await page.evaluate("document.querySelector('input:out-of-range').removeAttribute('max')");
      await visitor.press("key.make");
      await dialog.locator(".field-error").waitFor();
      await expires.fill("");
      await visitor.press("key.make");
      await visitor.sees("key.made");
      await visitor.sees("key.waiting");
      const example = (await dialog.locator("pre").textContent()) ?? "";
      const answered = await promisify(execFile)("sh", ["-c", example]);
      assert.match(answered.stdout, /"id":"msg_/);
      await visitor.sees("key.firstUsed");
      await operator.rest();
    },
  );

  turns.scenario("counts what waits on the home page, and says when a limit lets it go", async (reader) => {
    const { language } = reader;
    const account = "facturation@example.com";
    const limits = { perMinute: 1, perDay: 1 };
    const server = await createServer(stack, { name: `Limité ${language}`, username: account, limits });
    assert.equal((await connect(stack, server, { account })).status, 303);
    for (const subject of ["Passe", "Attend"]) {
      const mail = { server, to: "grace@example.com", subject: `${subject} ${language}`, text: "Bonjour" };
      await stack.relais.operate("POST", "/v1/messages", mail, { Prefer: "wait=20" });
    }
    const visitor = await operator.as(reader);
    const { page, say } = visitor;
    await visitor.turnTo("/");
    await page
      .locator(".tile", { hasText: say("tile.waiting") })
      .getByText("1", { exact: true })
      .waitFor();
    await visitor.follow("tile.waiting");
    await page.waitForURL("**/messages?status=held");
    const row = page.getByRole("row", { name: `Attend ${language}` });
    await row.locator(".badge.neutral", { hasText: say("message.status.held") }).waitFor();
    await row.getByText(say("messages.leaves")).waitFor();
    assert.equal(await page.getByText(`Passe ${language}`).count(), 0);
    await stack.relais.operate("DELETE", `/v1/mail-servers/${server}?messages=cancel`);
    await operator.rest();
  });

  turns.scenario("asks before replacing the Google client that accounts are connected through", async (reader) => {
    const visitor = await operator.as(reader);
    const { page, say } = visitor;
    const saved = () => read<{ clientId: string }>(stack, "/v1/settings/gmail-credentials");
    const before = await saved();
    const enter = async (clientId: string, clientSecret: string) => {
      await visitor.field("credentials.clientId").fill(clientId);
      await visitor.field("credentials.clientSecret").fill(clientSecret);
      await page
        .locator("form")
        .filter({ has: visitor.field("credentials.clientId") })
        .getByRole("button")
        .click();
    };
    await visitor.turnTo("/settings");
    await page.getByText(say("credentials.byHand"), { exact: true }).click();
    await enter("999999999999-other.apps.googleusercontent.com", "GOCSPX-other");
    await page.getByRole("dialog").getByText("999999999999-other").waitFor();
    await visitor.inDialog("action.cancel");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.deepEqual(await saved(), before, "nothing has changed");
    // The same client with another secret disconnects nobody.
    await enter(stack.sandbox.client.id, stack.sandbox.client.secret);
    await visitor.sees("credentials.saved");
    const file = visitor.field("credentials.file");
    const ofServiceAccount = JSON.stringify({ type: "service_account", client_id: "1", private_key: "secret" });
    const noClient = { name: "key.json", mimeType: "application/json", buffer: Buffer.from(ofServiceAccount) };
    await file.setInputFiles(noClient);
    await visitor.sees("credentials.notJson");
    await enter(stack.sandbox.client.id, stack.sandbox.client.secret);
    await visitor.sees("credentials.saved");
    assert.equal(await page.getByText(say("credentials.notJson")).count(), 0);
    await file.setInputFiles({ ...noClient, buffer: Buffer.from("no JSON") });
    await visitor.sees("credentials.notJson");
    assert.equal(await page.getByText(say("credentials.saved")).count(), 0, "this one is not saved");
    await enter("999999999999-other.apps.googleusercontent.com", "GOCSPX-other");
    await visitor.inDialog("credentials.replace");
    // The next client is compared with what this page knows about the saved one.
    await page.locator("dd.mono").getByText("999999999999-other").waitFor();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert((await saved()).clientId.startsWith("999999999999"), "replaced");
    await enter(stack.sandbox.client.id, stack.sandbox.client.secret);
    await visitor.inDialog("credentials.replace");
    await eventually("and back", async () => (await saved()).clientId === before.clientId);
    await operator.rest();
  });

  turns.scenario("asks before operators remove their own access", async (reader) => {
    const operators = ["ada@example.com", "grace@example.com"];
    assert.equal((await stack.relais.operate("PATCH", "/v1/settings", { operators })).status, 200);
    const visitor = await visit(browser, stack, reader);
    await signInAs(visitor, "ada@example.com", "/settings");
    const { page } = visitor;
    const listed = async () => (await read<{ operators: string[] }>(stack, "/v1/settings")).operators;
    await settled(visitor);
    const form = page.locator("form").filter({ has: visitor.field("people.operators") });
    await visitor.field("people.operators").fill("grace@example.com");
    await form.getByRole("button").click();
    await visitor.inDialog("action.cancel");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.deepEqual(await listed(), operators);
    await visitor.field("people.operators").fill("grace@example.com\n@example.com");
    await form.getByRole("button").click();
    await eventually("by the domain they stay in", async () => (await listed()).includes("@example.com"));
    await visitor.field("people.operators").fill("grace@example.com");
    await form.getByRole("button").click();
    await visitor.inDialog("people.out");
    await eventually("out", async () => (await listed()).length === 1);
    await visitor.leave();
  });
});
