import assert from "node:assert/strict";
import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TEXTS } from "../../functions/console/texts.ts";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { createServer, type StackParts } from "../builders/connected-stack.ts";
import { eventually } from "../builders/eventually.ts";
import { consent } from "../google-sandbox/consent-walker.ts";
import type { GoogleSandbox } from "../google-sandbox/sandbox.ts";
import type { TestBrowser } from "./browser.ts";
import { consentOnPage } from "./google-pages.ts";
import type { Reader } from "./readers.ts";
import { openStep, visit, visitAsOperator } from "./visitor.ts";

/** Relais as a browser reaches it, however its functions run, with the Google behind it. */
export interface BrowsableRelais extends StackParts {
  readonly relais: StackParts["relais"] & { readonly origin: string };
  readonly sandbox: GoogleSandbox;
}

/** From the setup token to the first sent mail, on a Relais that nobody has used before. */
export const firstUse = async (browser: TestBrowser, stack: BrowsableRelais, reader: Reader): Promise<void> => {
  const { language } = reader;
  const visitor = await visit(browser, stack, reader);
  const { page, say, press, follow } = visitor;

  await page.goto(`${stack.relais.origin}/#setup=${stack.relais.setupToken}`);
  await page.getByRole("heading", { name: say("home.empty") }).waitFor();
  assert.equal(page.url(), `${stack.relais.origin}/`, "the token is gone from the address");
  assert.equal(await page.locator("html").getAttribute("lang"), language);
  const { version } = await (await stack.relais.request("/health")).json();
  // On a narrow screen, it is in the folded menu.
  await page.getByText(`Version ${version}`).waitFor({ state: "attached" });

  await follow("home.emptyDo");
  await openStep(visitor, "setup.client");
  await page.getByText(`${stack.relais.origin}/google_gmail/confirm`, { exact: true }).waitFor();
  await openStep(visitor, "setup.credentials");
  using downloads = mkdtempDisposableSync(join(tmpdir(), "relais-downloads-"));
  const file = join(downloads.path, "client.json");
  stack.sandbox.writeClientSecret(file, "installed");
  await page.getByLabel(say("credentials.file")).setInputFiles(file);
  await page.getByText(problemText("client_type_desktop", language).title).waitFor();
  stack.sandbox.writeClientSecret(file, "web");
  await page.getByLabel(say("credentials.file")).setInputFiles(file);
  // Done, so it folds, and the next step opens.
  await follow("servers.new");
  await page.getByLabel(say("server.name"), { exact: true }).fill("Facturation");
  await page.getByLabel(say("server.username"), { exact: true }).fill("ada@example.com");
  await press("newServer.create");
  await page.getByText(say("connection.not_connected")).first().waitFor();

  await follow("connect.first");
  await consentOnPage(page, { account: "ada@example.com" });
  await page.waitForURL(/\/servers\/srv_[^/]+\?connected=1$/);
  await page.getByText(say("connection.nowConnected")).waitFor();
  await page.getByText(say("connection.valid"), { exact: true }).waitFor();

  await press("test.action");
  await page.getByText(say("test.ok"), { exact: true }).waitFor();
  assert.equal(stack.sandbox.control.mails().length, 0, "a test sends nothing");

  await page.getByLabel(say("mail.to"), { exact: true }).fill("grace@example.com");
  await press("mail.send");
  await page.getByText(say("message.says.sent")).waitFor();
  const [mail] = stack.sandbox.control.mails();
  assert(mail !== undefined);
  await page.getByText(mail.messageId ?? "no Message-ID", { exact: true }).waitFor();

  await follow("mail.follow");
  await page.getByRole("heading", { name: say("message.timeline") }).waitFor();
  await follow("nav.home");
  await page.getByRole("heading", { name: say("home.working") }).waitFor();
  // The connection proves these steps; who may connect was not declared and cannot be seen.
  await follow("nav.setup");
  await eventually(
    "the steps are marked as done",
    async () => (await page.getByText(say("setup.stepDone"), { exact: true }).count()) === 5,
  );
  await visitor.leave();
};

/** A state is valid only where the connection was started. The stack has Google's credentials. */
export const stateInAnotherProfile = async (browser: TestBrowser, stack: BrowsableRelais): Promise<void> => {
  const signedIn = () => visitAsOperator(browser, stack, { language: "fr" });
  const id = await createServer(stack, { name: "Autre profil" });
  const [mine, other] = [await signedIn(), await signedIn()];
  const start = `${stack.relais.origin}/google_gmail/authorize?server=${id}`;
  const toGoogle = await mine.context.request.get(start, { maxRedirects: 0 });
  const { callbackUrl } = await consent(toGoogle.headers().location ?? "", { account: "ada@example.com" });

  const answer = await other.page.goto(callbackUrl);
  assert.equal(answer?.status(), 400);
  assert.equal(await answer?.headerValue("X-Relais-Problem"), "state_invalid");
  await other.page.getByText(problemText("state_invalid", "fr").title).first().waitFor();
  const after = await stack.relais.operate("GET", `/v1/mail-servers/${id}`);
  assert.match(await after.text(), /"state":"not_connected"/);

  // Still valid where it was started: the other profile did not use it up.
  await mine.page.goto(callbackUrl);
  await mine.page.getByText(TEXTS["connection.valid"].fr, { exact: true }).waitFor();
  await Promise.all([mine.leave(), other.leave()]);
};
