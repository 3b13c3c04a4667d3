import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Locator, Page, Request, Route } from "playwright-core";
import { connect, createServer } from "../builders/connected-stack.ts";
import { eventually } from "../builders/eventually.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { type FurnishedStack, startFurnishedStack } from "./furnished-stack.ts";
import { settled, turnToPart, type Visitor, visitAsOperator } from "./visitor.ts";

const API = "**/v1/**";

/** Holds back calls, as a slow network does, until the test has seen what the page shows meanwhile. */
interface HeldCalls {
  /** Lets through the calls that are held, and those on their way that began before the next `hold`. */
  release(): void;
  hold(): void;
}

const holdCalls = async (page: Page, isHeld: (request: Request) => boolean): Promise<HeldCalls> => {
  let gate = Promise.withResolvers<void>();
  await page.route(API, async (route) => {
    if (isHeld(route.request())) await gate.promise;
    await route.continue().catch(() => {});
  });
  return {
    release: () => gate.resolve(),
    hold: () => {
      gate = Promise.withResolvers();
    },
  };
};

const isAction = (request: Request): boolean => request.method() !== "GET";

/** So many pages are opened, which loads the console; to the others one turns within it. */
const OPENED = 3;
/** What these show does not come from the API. */
const READING_NOTHING = ["new server", "nowhere"];

/** These tests mostly wait, each on its own page, so they run side by side. Those that count mail take turns. */
describe("the console when calls fail or take long", { concurrency: 3 }, () => {
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
  const operator = () => visitAsOperator(browser, stack, { language: "fr" });

  /** Fails the first call of each method and path, like a brief network outage. */
  const failOnce = async ({ page }: Visitor): Promise<void> => {
    const failed = new Set<string>();
    await page.route(API, (route) => {
      const call = `${route.request().method()} ${route.request().url()}`;
      if (failed.has(call)) return route.continue();
      failed.add(call);
      return route.abort();
    });
  };
  const networkAlert = ({ page, say }: Visitor) =>
    page.getByRole("alert").filter({ hasText: say("failure.network.title") });

  it("reports that every first read failed, stays usable, and recovers on the next try", async () => {
    const visitor = await operator();
    const { page, say } = visitor;
    for (const [at, [what, path]] of Object.entries(stack.pages).entries()) {
      // The parts of one mail server's page share what was read.
      if (at >= OPENED) await visitor.turnTo("/nowhere");
      await failOnce(visitor);
      // Where the console is opened, who is signed in is unknown as well, and can be asked again.
      await (at < OPENED ? visitor.go(path) : visitor.turnTo(path));
      if (at < OPENED || READING_NOTHING.every((name) => name !== what)) await networkAlert(visitor).first().waitFor();
      await eventually(`${what} recovers`, async () => {
        const alert = networkAlert(visitor).first();
        if ((await alert.count()) > 0) {
          // Polling may be quicker than the button.
          await alert
            .getByRole("button", { name: say("action.retry") })
            .click({ timeout: 500 })
            .catch(() => {});
          return false;
        }
        const loaded = (await page.getByRole("heading", { level: 1 }).count()) === 1;
        return loaded && (await page.locator(".loading").count()) === 0;
      });
      await page.unrouteAll({ behavior: "ignoreErrors" });
    }
    await visitor.leave();
  });

  describe("when mail is sent", { concurrency: 1 }, () => {
    it("keeps what was typed when every first action fails, and performs it once on the second try", async () => {
      const visitor = await operator();
      const { page, say } = visitor;
      const twice = async (button: Parameters<Visitor["press"]>[0], done: () => Promise<unknown>) => {
        await failOnce(visitor);
        await visitor.press(button);
        await networkAlert(visitor).first().waitFor();
        await visitor.press(button);
        await done();
        await page.unrouteAll({ behavior: "ignoreErrors" });
      };
      await visitor.go("/servers/new");
      await visitor.field("server.name").fill("Deuxième essai");
      await visitor.field("server.username").fill("facturation@example.com");
      await twice("newServer.create", () => page.getByRole("heading", { level: 1, name: "Deuxième essai" }).waitFor());

      await visitor.turnTo(stack.pages["connected server"]);
      await settled(visitor);
      const before = stack.sandbox.control.mails().length;
      await twice("test.action", () => page.getByText(say("test.ok"), { exact: true }).waitFor());
      await visitor.field("mail.to").fill("grace@example.com");
      await twice("mail.send", () => visitor.sees("message.says.sent"));
      assert.equal(stack.sandbox.control.mails().length, before + 1, "sent once");
      await turnToPart(visitor, "settings");
      await page.getByLabel(say("server.description")).fill("Autrement");
      await twice("action.save", () => visitor.sees("state.saved"));

      await visitor.turnTo("/operations");
      await settled(visitor);
      await visitor.press("pause.pause");
      await failOnce(visitor);
      await visitor.inDialog("pause.pause");
      await page.getByRole("dialog").getByText(say("failure.network.title")).waitFor();
      await visitor.inDialog("action.cancel");
      await visitor.press("pause.pause");
      await page.getByRole("dialog").getByText(say("pause.confirm"), { exact: true }).waitFor();
      assert.equal(await page.getByText(say("failure.network.title")).count(), 0, "a new question, a new try");
      await visitor.inDialog("pause.pause");
      await page.getByText(say("pause.paused"), { exact: true }).waitFor();
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await twice("pause.resume", () => page.getByText(say("pause.running"), { exact: true }).waitFor());
      await visitor.leave();
    });

    it("sends one mail when the response to the first try was lost", async () => {
      const visitor = await operator();
      await visitor.go(stack.pages["connected server"]);
      await settled(visitor);
      const before = stack.sandbox.control.mails().length;
      const lost = async (route: Route) => {
        await route.fetch();
        await route.abort();
      };
      await visitor.page.route("**/v1/messages", lost, { times: 1 });
      await visitor.press("mail.send");
      await networkAlert(visitor).first().waitFor();
      await visitor.press("mail.send");
      await visitor.sees("message.says.sent");
      assert.equal(stack.sandbox.control.mails().length, before + 1);
      await visitor.leave();
    });
  });

  it("says that it is loading for as long as calls take, and is usable then", async () => {
    const visitor = await operator();
    const { page, say } = visitor;
    const calls = await holdCalls(page, () => true);
    for (const [at, [what, path]] of Object.entries(stack.pages).entries()) {
      if (at >= OPENED) await visitor.turnTo("/nowhere");
      calls.hold();
      if (at < OPENED) await page.goto(`${stack.relais.origin}${path}`, { waitUntil: "commit" });
      else await visitor.turnTo(path);
      if (at < OPENED || READING_NOTHING.every((name) => name !== what))
        await page
          .getByRole("status")
          .filter({ hasText: say("state.loading") })
          .first()
          .waitFor();
      calls.release();
      await page.getByRole("heading", { level: 1 }).waitFor();
      await eventually(what, async () => (await page.locator(".loading").count()) === 0);
      assert.equal(await page.getByText(say("failure.network.title")).count(), 0, what);
    }
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await visitor.leave();
  });

  it("says that it is working for as long as an action takes, and performs it once however often it is clicked", async () => {
    const id = await createServer(stack, { name: "Lent" });
    const visitor = await operator();
    const { page, say } = visitor;
    await visitor.go(`/servers/${id}/settings`);
    await settled(visitor);
    let patches = 0;
    page.on("request", (request) => {
      if (request.method() === "PATCH") patches += 1;
    });
    const calls = await holdCalls(page, isAction);
    await page.getByLabel(say("server.description")).fill("Lentement");
    await visitor.button("action.save").focus();
    await page.keyboard.press("Enter");
    const busy = visitor.button("state.working");
    await busy.waitFor();
    assert.equal(await page.evaluate("document.activeElement.textContent"), say("state.working"), "keeps the focus");
    await busy.click({ force: true });
    // The rest of the page stays usable meanwhile.
    await visitor.press("end.delete");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    calls.release();
    await visitor.sees("state.saved");
    assert.equal(patches, 1);

    await visitor.follow("nav.settings");
    calls.hold();
    await page.getByRole("radio", { name: say("audience.internal") }).check();
    await page.getByRole("radio", { name: say("audience.production") }).check();
    await page.getByText(say("state.working")).first().waitFor();
    calls.release();
    await eventually("the last choice holds", async () => {
      const settings = await stack.relais.operate("GET", "/v1/settings");
      const { publishingStatus }: { publishingStatus: string } = await settings.json();
      return publishingStatus === "production";
    });
    assert(await page.getByRole("radio", { name: say("audience.production") }).isChecked());
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await visitor.leave();
  });

  /** A mail server and account of the test's own: revoking one grant at Google revokes the account's others. */
  const connectedServer = async (name: string, account: string): Promise<string> => {
    const id = await createServer(stack, { name, username: account });
    const back = await connect(stack, id, { account });
    assert.equal(back.status, 303, await back.text());
    return `/servers/${id}`;
  };
  const countKeysNamed = async (name: string): Promise<number> => {
    const answer = await stack.relais.operate("GET", "/v1/keys?limit=200");
    const { items }: { items: { name: string }[] } = await answer.json();
    return items.filter((key) => key.name === name).length;
  };
  const fillKey = async (visitor: Visitor, name: string): Promise<void> => {
    await visitor.press("key.new");
    await visitor.field("key.name").fill(name);
  };
  const rowOf = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

  it("disconnects, deletes, creates and revokes on the second try when the first one failed", async () => {
    const [path, visitor] = await Promise.all([connectedServer("Deux fois", "grace@example.com"), operator()]);
    const { page, say } = visitor;
    const inDialogTwice = async (open: () => Promise<unknown>, act: Parameters<Visitor["inDialog"]>[0]) => {
      await open();
      await failOnce(visitor);
      await visitor.inDialog(act);
      await page.getByRole("dialog").getByText(say("failure.network.title")).waitFor();
      await visitor.inDialog(act);
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      await page.unrouteAll({ behavior: "ignoreErrors" });
    };
    await visitor.go(`${path}/settings`);
    await inDialogTwice(() => visitor.press("disconnect.action"), "disconnect.action");
    await visitor.sees("disconnect.done");
    await inDialogTwice(() => visitor.press("end.delete"), "end.delete");
    await page.getByRole("heading", { level: 1, name: say("servers.title"), exact: true }).waitFor();
    assert.equal((await stack.relais.operate("GET", `/v1/mail-${path.slice(1)}`)).status, 404);

    await visitor.turnTo("/keys");
    await settled(visitor);
    await fillKey(visitor, "Deux fois");
    await failOnce(visitor);
    await visitor.press("key.make");
    await networkAlert(visitor).first().waitFor();
    assert.equal(await visitor.field("key.name").inputValue(), "Deux fois", "what was typed stays");
    await visitor.press("key.make");
    await visitor.sees("key.made");
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await visitor.press("key.hide");
    assert.equal(await countKeysNamed("Deux fois"), 1);
    await inDialogTwice(() => rowOf(page, "Deux fois").getByRole("button").click(), "key.revoke");
    await eventually("the key is gone", async () => (await rowOf(page, "Deux fois").count()) === 0);
    assert.equal(await countKeysNamed("Deux fois"), 0);
    await visitor.leave();
  });

  it("disconnects, deletes, creates and revokes once, and says that it is working for as long as that takes", async () => {
    const [toDisconnect, toDelete, visitor] = await Promise.all([
      connectedServer("Lentement déconnecté", "facturation@example.com"),
      connectedServer("Lentement supprimé", "facturation@example.com"),
      operator(),
    ]);
    const { page, say } = visitor;
    const performed: string[] = [];
    page.on("request", (request) => {
      if (isAction(request)) performed.push(`${request.method()} ${new URL(request.url()).pathname}`);
    });
    const calls = await holdCalls(page, isAction);
    /** An impatient person clicks again while the first click is being handled, and then thinks better of it. */
    const clickTwice = async (within: Locator, name: string): Promise<void> => {
      calls.hold();
      await within.getByRole("button", { name, exact: true }).click();
      const working = within.getByRole("button", { name: say("state.working"), exact: true });
      await working.click({ force: true });
      await within.getByRole("button", { name: say("action.cancel"), exact: true }).click({ force: true });
      // A browser lets a page prevent only the first of these.
      for (const _ of [1, 2]) await page.keyboard.press("Escape");
      assert(await working.isVisible(), "the question stays, because a failure would be told in it");
      calls.release();
    };
    const confirm = async (name: string): Promise<void> => {
      const dialog = page.getByRole("dialog");
      await clickTwice(dialog, name);
      await dialog.waitFor({ state: "hidden" });
    };
    const disconnect = async () => {
      await visitor.go(`${toDisconnect}/settings`);
      await page.getByRole("button", { name: say("disconnect.action"), exact: true }).click();
      await confirm(say("disconnect.action"));
      await page.getByText(say("disconnect.done")).waitFor();
      await page.getByText(say("disconnect.shared").replace("{count}", "1"), { exact: true }).waitFor();
    };
    const deleteServer = async () => {
      await visitor.turnTo(`${toDelete}/settings`);
      await page.getByRole("button", { name: say("end.delete"), exact: true }).click();
      await confirm(say("end.delete"));
      await page.getByRole("heading", { level: 1, name: say("servers.title"), exact: true }).waitFor();
    };
    const createAndRevokeKey = async () => {
      await visitor.turnTo("/keys");
      await fillKey(visitor, "Lente");
      await clickTwice(page.getByRole("dialog"), say("key.make"));
      await page.getByText(say("key.made")).waitFor();
      await visitor.press("key.hide");
      await rowOf(page, "Lente").getByRole("button").click();
      await confirm(say("key.revoke"));
      await eventually("the key is gone", async () => (await rowOf(page, "Lente").count()) === 0);
    };
    await disconnect();
    await deleteServer();
    await createAndRevokeKey();
    const [key] = performed.filter((call) => call.startsWith("DELETE /v1/keys/"));
    assert.deepEqual(performed, [
      `POST /v1/mail-${toDisconnect.slice(1)}/disconnect`,
      `DELETE /v1/mail-${toDelete.slice(1)}`,
      "POST /v1/keys",
      key,
    ]);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await visitor.leave();
  });
});
