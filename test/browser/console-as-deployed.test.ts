import { after, before, describe, it } from "node:test";
import { type DeployedStack, startDeployedStack } from "../builders/deployed-stack.ts";
import { emulatorsMissing } from "../builders/emulators.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { firstUse, stateInAnotherProfile } from "./first-use.ts";
import { turnsFrom } from "./readers.ts";

const turns = turnsFrom(5);

// The journey of console-first-use.test.ts on the production store, by one reader: what is shown is the same.
describe("first use of the console, as deployed", { skip: emulatorsMissing() }, () => {
  let browser: TestBrowser;
  let stack: DeployedStack;
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), startDeployedStack()]);
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  turns.scenario("goes from the setup token to the first sent mail", (reader) => firstUse(browser, stack, reader));

  it("refuses a state that was taken to another browser profile", () => stateInAnotherProfile(browser, stack));
});
