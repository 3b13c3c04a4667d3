import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { freePort } from "../../functions/runtime/local/free-port.ts";
import { connectedServer, type Stack, startStack } from "../builders/connected-stack.ts";
import { eventually } from "../builders/eventually.ts";
import { MAIL, plain, sendBy } from "../builders/smtp-door.ts";
import { smtpDialogue } from "../google-sandbox/smtp-dialogue.ts";
import { accessible } from "./accessibility.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { turnsFrom } from "./readers.ts";
import { type Visitor, visitAsOperator } from "./visitor.ts";

const turns = turnsFrom(6);

describe("a new key in the console, for a program that speaks only SMTP", () => {
  let browser: TestBrowser;
  let stack: Stack;
  let port: number;
  before(async () => {
    port = await freePort();
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), startStack({ RELAIS_SMTP_PORT: String(port) })]);
    await connectedServer(stack);
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });

  const makeKey = async (visitor: Visitor, name: string): Promise<string> => {
    const { page } = visitor;
    await visitor.go("/keys");
    await visitor.press("key.new");
    await visitor.field("key.name").fill(name);
    await visitor.press("key.make");
    await visitor.sees("key.made");
    return (await page.locator("code", { hasText: /^rk_\w/ }).textContent()) ?? "";
  };
  const valueBeside = async ({ page, say }: Visitor, key: Parameters<Visitor["say"]>[0]): Promise<string> => {
    const fact = page.locator("dl.facts > div", { has: page.getByText(say(key), { exact: true }) });
    return (await fact.locator("code").textContent()) ?? "";
  };

  turns.scenario("comes with values that work as they stand", async (reader) => {
    const { language } = reader;
    const visitor = await visitAsOperator(browser, stack, reader);
    const key = await makeKey(visitor, `SMTP ${language}`);
    await visitor.page.getByRole("dialog").getByRole("tab", { name: "SMTP" }).click();
    await visitor.sees("smtp.here");
    await visitor.sees("smtp.noEncryption");
    await visitor.sees("smtp.passwordIsKey");
    await accessible(visitor.page, "keys, values for SMTP");
    const client = await smtpDialogue({
      host: await valueBeside(visitor, "smtp.host"),
      port: Number(await valueBeside(visitor, "smtp.port")),
    });
    await client.say("EHLO client");
    assert.match((await client.say(plain(await valueBeside(visitor, "smtp.username"), key))) ?? "", /^235 /);
    const subject = `By the console's values ${language}`;
    assert.match((await sendBy(client, MAIL.replace("Invoice 42", subject))) ?? "", /^250 2\.0\.0 msg_/);
    client.close();
    await eventually("the mail", () => stack.sandbox.control.mails().some(({ raw }) => raw.includes(subject)));
    // Without a key above, none is referred to.
    await visitor.press("key.hide");
    await visitor.page.getByRole("tab", { name: "SMTP" }).click();
    await visitor.sees("smtp.passwordIsSomeKey");
    assert.equal(await visitor.page.getByText(visitor.say("smtp.passwordIsKey")).count(), 0);
    await visitor.leave();
  });

  it("says to run relais-smtp where Relais does not take mail by SMTP itself", async () => {
    await stack.relais.kill();
    await stack.relais.up({ RELAIS_SMTP_PORT: "0" });
    const visitor = await visitAsOperator(browser, stack, { language: "fr" });
    await makeKey(visitor, "Ailleurs");
    await visitor.page.getByRole("dialog").getByRole("tab", { name: "SMTP" }).click();
    await visitor.sees("smtp.elsewhere");
    await visitor.sees("smtp.withEncryption");
    await visitor.leave();
  });
});
