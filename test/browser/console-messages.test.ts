import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { Route } from "playwright-core";
import { localInputValue } from "../../functions/console/i18n/time.ts";
import { fieldText } from "../../functions/domain/field-texts.ts";
import { isNoteCode, noteText } from "../../functions/domain/messages/timeline-notes.ts";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { connectedServer, type Stack, startStack } from "../builders/connected-stack.ts";
import { eventually } from "../builders/eventually.ts";
import { accessible } from "./accessibility.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { hostileMail } from "./hostile-mail.ts";
import { atLaptop, turnsFrom } from "./readers.ts";
import { stayingVisitor, visitAsOperator } from "./visitor.ts";

const turns = turnsFrom(3, 1_280);

const DAY_MS = 86_400_000;

describe("messages and keys in the console", () => {
  let browser: TestBrowser;
  let stack: Stack;
  let server = "";
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), startStack()]);
    // These tests send more mail within a minute than an account's rate allows.
    server = await connectedServer(stack, { limits: { perMinute: 1_000 } });
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });

  const operator = stayingVisitor((language) => visitAsOperator(browser, stack, { language }));

  interface Made {
    readonly id: string;
    readonly status: string;
    readonly messageId: string;
  }
  const post = async (subject: string, more: object = {}): Promise<Made> => {
    const wait: Record<string, string> = "scheduledAt" in more ? {} : { Prefer: "wait=20" };
    const body = { server, to: "grace@example.com", subject, text: "Bonjour", ...more };
    const answer = await stack.relais.operate("POST", "/v1/messages", body, wait);
    const made: Made = await answer.json();
    assert(answer.status === 200 || answer.status === 202, JSON.stringify(made));
    return made;
  };
  const arrived = ({ messageId }: Made) =>
    stack.sandbox.control.mails().filter((mail) => mail.messageId === messageId).length;

  it("shows what a message says, whatever is in it: nothing runs, and nothing is loaded", async () => {
    const visitor = await visitAsOperator(browser, stack, { language: "fr", colorScheme: "dark" });
    const { page, say } = visitor;
    const mail = hostileMail(`${stack.relais.origin}/evil`);
    const later = new Date(Date.now() + DAY_MS).toISOString();
    const raw = await stack.relais.operate("POST", "/v1/messages", {
      server,
      raw: mail.toString("base64"),
      scheduledAt: later,
    });
    const { id }: Made = await raw.json();
    const requested: string[] = [];
    page.on("request", (request) => requested.push(request.url()));
    await visitor.go(`/messages/${id}`);
    await visitor.sees("content.audited");
    await visitor.press("content.show");
    const frame = page.frameLocator("iframe.mail");
    await frame.getByText("Bonjour, lifestyle Style").waitFor();
    const count = say("content.remote").replace("{count}", "");
    await page.getByText(count).waitFor();
    await page.getByText(`${count}13`, { exact: true }).waitFor();
    await accessible(page, "message, its content");

    const styles = (selector: string): Promise<readonly string[]> =>
      page.evaluate(`{
        const { contentDocument: mail } = document.querySelector("iframe.mail");
        const { color, fontWeight, fontStyle, backgroundImage } = mail.defaultView.getComputedStyle(mail.querySelector(${JSON.stringify(selector)}));
        [color, fontWeight, fontStyle, backgroundImage];
      }`);
    assert.deepEqual(await styles("p"), ["rgb(0, 128, 0)", "700", "normal", "none"]);
    assert.deepEqual((await styles("h2")).at(-1), "none");
    assert.deepEqual((await styles("h3")).slice(1, 3), ["700", "italic"]);
    const found: Readonly<Record<string, readonly string[]>> = await page.evaluate(`{
      const { contentDocument: mail } = document.querySelector("iframe.mail");
      const all = [...mail.body.querySelectorAll("*")];
      ({
        names: [...new Set(all.map(({ localName }) => localName))].sort(),
        attributes: [...new Set(all.flatMap((one) => one.getAttributeNames()))].sort(),
        pictures: [...mail.images].map(({ src, naturalWidth }) => src.slice(0, 15) + naturalWidth),
      });
    }`);
    assert.deepEqual(found, {
      names: ["a", "div", "h2", "h3", "img", "p", "span", "table", "tbody", "td", "tr"],
      attributes: ["alt", "bgcolor", "class", "src", "style", "title"],
      pictures: ["data:image/gif;1", "data:image/gif;1"],
    });
    assert.equal(await page.evaluate("window.pwned"), undefined);
    assert.equal(await frame.getByText("La facture").getAttribute("title"), "https://example.org/facture");

    // Text and source, by keyboard; the bytes are those that go out.
    await page.getByRole("tab", { name: say("content.form.html") }).focus();
    await page.keyboard.press("ArrowRight");
    assert.match(await page.getByLabel(say("content.form.text")).last().inputValue(), /^Le texte seul/);
    await page.keyboard.press("End");
    const source = page.locator("textarea.mail");
    await eventually("the source is shown", async () => (await source.inputValue()).includes("Subject: Hostile"));
    const saves = page.waitForEvent("download");
    await page.getByRole("button", { name: say("content.saveNamed").replace("{name}", "page.html") }).click();
    assert.equal((await saves).suggestedFilename(), "page.html");
    const savesMail = page.waitForEvent("download");
    await visitor.press("content.saveMail");
    assert.deepEqual(readFileSync(await (await savesMail).path()), mail);
    await page.getByText("page.html", { exact: true }).waitFor();

    const others = requested.filter((url) => !url.startsWith("blob:") && !url.startsWith("data:"));
    assert.deepEqual(
      others.filter((url) => !url.startsWith(stack.relais.origin) || url.includes("/evil")),
      [],
    );
    const audit: { items: { action: string; target: string }[] } = await (
      await stack.relais.operate("GET", "/v1/audit")
    ).json();
    assert.equal(audit.items.filter(({ action, target }) => action === "message.read" && target === id).length, 1);
    await visitor.leave();
  });

  it("shows the start of a large mail at once", async () => {
    const html = `<p style="color:red">${"Une ligne de texte. ".repeat(100_000)}</p>`;
    const attachments = [{ filename: "grand.bin", content: Buffer.alloc(8_000_000, 7).toString("base64") }];
    const { id } = await post("Grand", { html, attachments, scheduledAt: new Date(Date.now() + DAY_MS).toISOString() });
    const visitor = await operator.as(atLaptop("en"));
    const { page } = visitor;
    await visitor.turnTo(`/messages/${id}`);
    await visitor.press("content.show");
    await page.frameLocator("iframe.mail").locator("p").waitFor();
    await visitor.sees("content.cut");
    await page.getByText("8 MB", { exact: false }).first().waitFor();
    await operator.rest();
  });

  turns.scenario("finds messages by recipient, status and server, and shows all again", async (reader) => {
    const { language } = reader;
    const to = `needle.${language}@example.org`;
    await post(`Cherché ${language}`, { to: ["hay@example.org", to] });
    const planned = await post(`Prévu ${language}`, { to, scheduledAt: new Date(Date.now() + DAY_MS).toISOString() });
    const visitor = await operator.as(reader);
    const { page } = visitor;
    const link = (name: string) => page.getByRole("link", { name, exact: true });
    await visitor.turnTo("/messages");
    await visitor.field("messages.q").fill(` ${to.slice(0, 8).toUpperCase()} `);
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=/);
    await link(`Cherché ${language}`).waitFor();
    await link(`Prévu ${language}`).waitFor();
    await visitor.field("messages.status").selectOption("scheduled");
    await page.waitForURL(/status=scheduled/);
    await eventually("the sent one is gone", async () => (await link(`Cherché ${language}`).count()) === 0);
    await link(`Prévu ${language}`).waitFor();
    await visitor.field("messages.server").selectOption({ label: "Facturation" });
    await link(`Prévu ${language}`).waitFor();
    await visitor.field("messages.status").selectOption("failed");
    await visitor.sees("messages.noneFound");
    // The URL holds the search, so that it can be bookmarked and shared.
    await page.reload();
    await visitor.sees("messages.noneFound");
    assert.equal(await visitor.field("messages.status").inputValue(), "failed");
    await visitor.follow("messages.all");
    await link(`Prévu ${language}`).waitFor();
    await visitor.field("messages.q").fill(`prévu ${language}`);
    await page.keyboard.press("Enter");
    await link(`Prévu ${language}`).waitFor();
    for (const typed of ["nobody", "client4", "%", "@", "\"'\\"]) {
      await visitor.field("messages.q").fill(typed);
      await page.keyboard.press("Enter");
      await page.waitForURL((url) => url.searchParams.get("q") === typed);
      await visitor.sees("messages.noneFound");
    }
    for (const typed of ["?status=nonsense", "?server=nobody", "?server=srv_gone&status=sent"]) {
      await visitor.turnTo("/nowhere");
      await visitor.turnTo(`/messages${typed}`);
      await page.locator(".table, .empty").first().waitFor();
      assert.equal(await page.getByRole("alert").count(), 0, typed);
    }
    await visitor.turnTo(`/messages?to=${to}`);
    await link(`Prévu ${language}`).waitFor();
    await stack.relais.operate("POST", `/v1/messages/${planned.id}/cancel`);
    await operator.rest();
  });

  turns.scenario("reschedules a message, then cancels it", async (reader) => {
    const { language } = reader;
    const message = await post(`Reprogrammé ${language}`, {
      scheduledAt: new Date(Date.now() + DAY_MS).toISOString(),
    });
    const visitor = await operator.as(reader);
    await visitor.turnTo(`/messages/${message.id}`);
    await visitor.sees("message.says.scheduled");
    const time = visitor.field("message.newTime");
    await time.fill("123456-01-01T10:00");
    await visitor.press("message.reschedule");
    assert.equal(await visitor.page.locator("input:out-of-range").count(), 1);
    // A browser that knows no such limit leaves it to the API.
    await visitor.page.evaluate("document.querySelector('input:out-of-range').removeAttribute('max')");
    await visitor.press("message.reschedule");
    await visitor.page.locator(".field-error").waitFor();
    const later = localInputValue(new Date(Date.now() + 3 * DAY_MS));
    await time.fill(later);
    await visitor.press("message.reschedule");
    await eventually("rescheduled", async () => {
      const kept = await stack.relais.operate("GET", `/v1/messages/${message.id}`);
      const { scheduledAt }: { scheduledAt: string } = await kept.json();
      return localInputValue(new Date(scheduledAt)) === later;
    });
    await visitor.sees("state.saved");
    const { page, say } = visitor;
    await visitor.field("message.newTime").fill(localInputValue(new Date(Date.now() + 2 * DAY_MS)));
    await page.getByText(say("state.saved"), { exact: true }).waitFor({ state: "detached" });
    const failures = page.getByText(say("failure.network.title"));
    await page.route("**/cancel", (route) => route.abort(), { times: 1 });
    await visitor.press("message.cancel");
    await visitor.inDialog("message.cancel");
    await failures.first().waitFor();
    await visitor.inDialog("action.cancel");
    await visitor.press("message.cancel");
    await page.getByRole("dialog").getByText(say("message.cancelTitle"), { exact: true }).waitFor();
    assert.equal(await failures.count(), 0, "the question does not open with the failure of the last try");
    await visitor.inDialog("message.cancel");
    await visitor.sees("message.says.canceled");
    assert.equal(await visitor.button("message.cancel").count(), 0, "nothing more to do");
    await operator.rest();
  });

  turns.scenario("shows why a message failed, in Gmail's own words, and sends it on retry", async (reader) => {
    const { language } = reader;
    const text = "This message was blocked because its content presents a potential security issue.";
    stack.sandbox.control.set({ fault: "smtp_reply", stage: "body", code: 552, enhanced: "5.7.0", text }, { times: 1 });
    const message = await post(`Refusé ${language}`);
    assert.equal(message.status, "failed");
    const visitor = await operator.as(reader);
    await visitor.turnTo("/messages?status=failed");
    await visitor.page.getByRole("link", { name: `Refusé ${language}` }).click();
    await visitor.sees("message.says.failed");
    await visitor.sees({ text: problemText("message_refused", language).advice });
    await visitor.sees({ text: "552 5.7.0 This message was blocked because" });
    await visitor.press("message.retry");
    // Without a reload: the page updates.
    await visitor.sees("message.says.sent");
    assert.equal(arrived(message), 1);
    await operator.rest();
  });

  turns.scenario(
    "shows what identifies a message, and offers no easy retry to an address that does not exist",
    async (reader) => {
      const { language } = reader;
      const reply = { stage: "rcpt", code: 550, enhanced: "5.1.1", text: "The email account does not exist." } as const;
      stack.sandbox.control.set({ fault: "smtp_reply", ...reply }, { times: 1 });
      const message = await post(`Nulle part ${language}`, { tags: { kind: `gone-${language}` } });
      assert.equal(message.status, "failed");
      const visitor = await operator.as(reader);
      const { page, say } = visitor;
      await visitor.turnTo(`/messages/${message.id}`);
      await visitor.sees("message.retryAddressText");
      assert.deepEqual(await page.locator("main .button.primary").allTextContents(), [say("resend.action")]);
      assert.equal(await page.getByText(reply.text).count(), 2, "in the verdict and in the timeline");
      for (const text of [message.id, message.messageId]) await page.getByText(text, { exact: true }).waitFor();
      await visitor.press("resend.action");
      await page.getByRole("dialog").waitFor();
      await accessible(page, "message, resend");
      await visitor.field("resend.to").fill("nobody@example");
      await visitor.inDialog("mail.send");
      await page.getByRole("dialog").locator(".field-error").waitFor();
      await visitor.field("resend.to").fill("right@example.com");
      await visitor.inDialog("mail.send");
      await page.waitForURL((url) => url.pathname.startsWith("/messages/msg_") && !url.pathname.endsWith(message.id));
      await visitor.sees({ text: noteText("resent_from", language, { id: message.id }) });
      await visitor.sees("message.says.sent");
      await page.getByText("right@example.com", { exact: true }).waitFor();
      await visitor.sees("content.erased");
      await visitor.turnTo(`/messages/${message.id}`);
      await visitor.sees("message.says.failed");
      await page.getByRole("link", { name: `kind=gone-${language}`, exact: true }).click();
      await page.waitForURL(/tag=/);
      await page
        .getByRole("link", { name: `Nulle part ${language}`, exact: true })
        .first()
        .waitFor();
      await eventually("both", async () => (await page.locator(".table tbody tr").count()) === 2);
      await operator.rest();
    },
  );

  turns.scenario("retries several at once and shows how many are done", async (reader) => {
    const { language } = reader;
    const text = "This message was blocked because its content presents a potential security issue.";
    const fault = { fault: "smtp_reply", stage: "body", code: 552, enhanced: "5.7.0", text } as const;
    stack.sandbox.control.set(fault, { times: 2 });
    const tags = { batch: language };
    const failed = [await post(`Lot 1 ${language}`, { tags }), await post(`Lot 2 ${language}`, { tags })];
    const visitor = await operator.as(reader);
    const { page, say } = visitor;
    await visitor.turnTo(`/messages?tag=batch%3D${language}`);
    for (const at of [1, 2])
      await page
        .getByRole("row", { name: `Lot ${at} ${language}` })
        .getByRole("checkbox")
        .check();
    await page.getByRole("button", { name: say("bulk.retry").replace("{count}", "2"), exact: true }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: say("bulk.retry").replace("{count}", "2") })
      .click();
    await visitor.sees({ text: say("bulk.done").replace("{done}", "2").replace("{of}", "2") });
    await eventually("both have arrived", () => failed.every((one) => arrived(one) === 1));
    await operator.rest();
  });

  it("says how it went with several messages even if none of them is left in the list", async () => {
    const more = { tags: { batch: "none-left" }, scheduledAt: new Date(Date.now() + DAY_MS).toISOString() };
    for (const at of [1, 2]) await post(`Parti ${at}`, more);
    const visitor = await operator.as(atLaptop("fr"));
    const { page, say } = visitor;
    await visitor.turnTo("/messages?tag=batch%3Dnone-left&status=scheduled");
    for (const at of [1, 2])
      await page
        .getByRole("row", { name: `Parti ${at}` })
        .getByRole("checkbox")
        .check();
    let requests = 0;
    // It stays in place for both: while a route is taken away, Chromium may drop the request that comes next.
    const loseFirst = async (route: Route) => {
      requests += 1;
      if (requests > 1) return route.continue();
      await route.fetch();
      return route.abort();
    };
    await page.route("**/cancel", loseFirst);
    const cancel = say("bulk.cancel").replace("{count}", "2");
    await page.getByRole("button", { name: cancel, exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: cancel }).click();
    await visitor.sees("messages.noneFound");
    await visitor.sees({ text: say("bulk.done").replace("{done}", "1").replace("{of}", "2") });
    await visitor.sees("failure.network.title");
    await page.unroute("**/cancel");
    await operator.rest();
  });

  turns.scenario(
    "shows To, Cc and Bcc apart, and does not show a plain success if one of them was refused",
    async (reader) => {
      const { language } = reader;
      const subject = `Réunion ${language}`;
      const refused = `gone.${language}@example.org`;
      const reply = { stage: "rcpt", code: 550, enhanced: "5.1.1", text: "The email account does not exist." } as const;
      stack.sandbox.control.set({ fault: "smtp_reply", ...reply, recipient: refused }, { times: 1 });
      const more = { cc: ["cc@example.org", refused], bcc: ["hidden@example.org"] };
      const message = await post(subject, more);
      assert.equal(message.status, "sent");
      const visitor = await operator.as(reader);
      const { page, say } = visitor;
      const amber = page.locator(".badge.warn", { hasText: say("message.sentOneRefused") });
      for (const path of ["/", "/messages", `/servers/${server}/activity`]) {
        await visitor.turnTo(path);
        const row = page.getByRole("row").filter({ hasText: subject });
        await row.filter({ has: amber }).first().waitFor();
      }
      await visitor.turnTo("/messages");
      await visitor.field("messages.status").selectOption({ label: say("messages.partlySent") });
      await eventually("those alone are left", async () => {
        const rows = await page.locator(".table tbody tr").count();
        return rows > 0 && rows === (await amber.count());
      });
      await visitor.turnTo(`/messages/${message.id}`);
      await amber.waitFor();
      const verdict = page.locator(".notice.warn", { hasText: say("message.says.partlySent") });
      await verdict.getByText(say("message.partlySentText")).waitFor();
      await verdict.getByText(`${refused} – The email account does not exist.`).waitFor();
      assert.equal(await page.getByText(say("message.says.sent")).count(), 0);
      assert.equal(await page.locator(".badge.good").count(), 0);
      const fact = (name: "message.to" | "message.cc" | "message.bcc") =>
        page
          .locator("dl.facts > div")
          .filter({ has: page.locator("dt", { hasText: say(name) }).filter({ hasText: new RegExp(`^${say(name)}$`) }) })
          .locator("dd")
          .textContent();
      assert.equal(await fact("message.to"), "grace@example.com");
      assert.equal(await fact("message.cc"), `cc@example.org, ${refused}`);
      assert.equal(await fact("message.bcc"), "hidden@example.org");
      await operator.rest();
    },
  );

  turns.scenario("shows a message's history only in the reader's language", async (reader) => {
    const { language } = reader;
    stack.sandbox.control.set({ fault: "smtp_drop", when: "after_last_byte" }, { times: 1 });
    stack.sandbox.control.set({ fault: "search_lag", ms: DAY_MS }, { times: 1 });
    const message = await post(`Histoire ${language}`);
    await stack.relais.operate("POST", `/v1/messages/${message.id}/resolve`, { as: "failed" });
    const answer = await stack.relais.operate("GET", `/v1/messages/${message.id}`);
    const { timeline }: { timeline: { note: string | null; noteCode?: string }[] } = await answer.json();
    const visitor = await operator.as(reader);
    await visitor.turnTo(`/messages/${message.id}`);
    const history = visitor.page.locator("ol.timeline");
    await history.waitFor();
    const noted = timeline.filter(({ note }) => note !== null);
    assert(noted.length >= 2, JSON.stringify(timeline));
    for (const { note, noteCode = "" } of noted) {
      assert(isNoteCode(noteCode), noteCode);
      await history.getByText(noteText(noteCode, language), { exact: true }).waitFor();
      if (language === "fr") assert.equal(await history.getByText(note ?? "").count(), 0, noteCode);
    }
    await operator.rest();
  });

  turns.scenario("says in the reader's language what is wrong with a field", async (reader) => {
    const { language } = reader;
    const visitor = await operator.as(reader);
    const { page } = visitor;
    await visitor.turnTo("/servers/new");
    await visitor.field("server.name").fill("srv_x");
    await visitor.field("server.username").fill("ada@example");
    await page
      .locator("form")
      .first()
      .evaluate((form) => form.setAttribute("novalidate", ""));
    await visitor.press("newServer.create");
    const errors = page.locator(".field-error");
    const sentence = (code: "name_like_id" | "not_address") => {
      const text = fieldText(code, language);
      return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
    };
    await errors.getByText(sentence("name_like_id"), { exact: true }).waitFor();
    await errors.getByText(sentence("not_address"), { exact: true }).waitFor();
    assert.equal(
      await page.getByRole("alert").locator("details").count(),
      0,
      "no request ID for what people can fix themselves",
    );
    await operator.rest();
  });

  for (const [as, says, copies] of [
    ["sent", "message.says.sent", 1],
    ["resend", "message.says.sent", 2],
    ["failed", "message.says.failed", 1],
  ] as const) {
    turns.scenario(`lets a person decide about a message of unknown outcome: ${as}`, async (reader) => {
      const { language } = reader;
      stack.sandbox.control.set({ fault: "smtp_drop", when: "after_last_byte" }, { times: 1 });
      // Not found in the sent mail for now, since Gmail's search may lag behind.
      stack.sandbox.control.set({ fault: "search_lag", ms: DAY_MS }, { times: 1 });
      const message = await post(`Douteux ${as} ${language}`);
      assert.equal(message.status, "unknown");
      const visitor = await operator.as(reader);
      await visitor.turnTo("/");
      await visitor.page
        .getByRole("region", { name: visitor.say("home.inDoubt") })
        .getByRole("link", { name: `Douteux ${as} ${language}`, exact: true })
        .click();
      await visitor.sees("message.says.unknown");
      const sentMail = visitor.page.getByRole("link", { name: visitor.say("message.sentMail") });
      const href = (await sentMail.getAttribute("href")) ?? "";
      assert.ok(href.startsWith("https://mail.google.com/mail/u/?authuser=ada%40example.com#search/in%3Asent"), href);
      await visitor.press(`message.resolve.${as}`);
      await visitor.sees(says);
      await eventually("as many copies as decided", () => arrived(message) === copies);
      await operator.rest();
    });
  }

  turns.scenario("creates a key, shows it once, and revokes it", async (reader) => {
    const { language } = reader;
    const name = `Boutique ${language}`;
    const visitor = await operator.as(reader);
    const { page, say } = visitor;
    await visitor.turnTo("/keys");
    await visitor.press("key.new");
    await visitor.field("key.name").fill(name);
    await page.getByLabel(say("key.permission.send")).uncheck();
    await visitor.press("key.make");
    await visitor.sees("key.permissionNeeded");
    await page.getByLabel(say("key.permission.send")).check();
    await visitor.field("key.server").selectOption({ label: "Facturation" });
    await visitor.press("key.make");
    await visitor.sees("key.made");
    const key = await page.locator("code", { hasText: /^rk_/ }).textContent();
    assert(key !== null);
    const row = page.getByRole("row").filter({ hasText: name });
    await row.getByText("Facturation").waitFor();
    await row.getByText(say("key.unused")).waitFor();

    const mail = { to: "grace@example.com", subject: `Par clé ${language}`, text: "Bonjour" };
    const asProgram = () =>
      stack.relais.request("/v1/messages", {
        method: "POST",
        headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
        body: JSON.stringify({ server, ...mail }),
      });
    assert.equal((await asProgram()).status, 202);
    await visitor.press("key.hide");
    assert.equal(await page.getByText(key).count(), 0);
    await page.reload();
    await row.waitFor();
    assert.equal(await page.getByText(key).count(), 0, "shown once");

    await row.getByRole("button").click();
    await visitor.inDialog("key.revoke");
    await eventually("revoked", async () => (await row.count()) === 0);
    await eventually("refused", async () => (await asProgram()).status === 401);
    await visitor.turnTo("/audit");
    await page
      .getByRole("row")
      .filter({ hasText: name })
      .filter({ hasText: say("audit.key.revoke") })
      .waitFor();
    // A key without a list of servers may use all of them, and its entry says so.
    const unbound = await stack.relais.operate("POST", "/v1/keys", {
      name: `Libre ${language}`,
      permissions: ["send"],
    });
    assert.equal(unbound.status, 201);
    await page.reload();
    const entry = page.getByRole("row").filter({ hasText: `Libre ${language}` });
    const servers = `${say("audit.detail.servers")}${say("colon")} ${say("audit.allServers")}`;
    await entry.getByText(servers).waitFor();
    await operator.rest();
  });
});
