import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Build } from "../../../functions/domain/build.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { smokeTest } from "../../../functions/runtime/commands/deploy/smoke.ts";
import { sourceBuild } from "../../../functions/runtime/local/source-build.ts";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";

const built = sourceBuild(join(import.meta.dirname, "../../.."), process.env.RELAIS_COMMIT || null);

suite("The smoke test of a deployment, on Relais itself", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack({ RELAIS_COMMIT: built.commit });
  });
  after(() => stack.stop());

  const smoke = async (changes: { expected?: Build; token?: string; mailTo?: string } = {}) => {
    const said: string[] = [];
    const why = await smokeTest({
      url: stack.relais.origin,
      expected: changes.expected ?? built,
      setupToken: new Secret(changes.token ?? stack.relais.setupToken),
      mailTo: changes.mailTo ?? null,
      say: (line) => void said.push(line),
      wait: async () => undefined,
    });
    return { why, said: said.join("\n") };
  };

  test("reads the build and the setup checks", async () => {
    const { why, said } = await smoke();
    assert.equal(why, null);
    assert.ok(said.includes(`commit ${built.commit}`), said);
    assert.match(said, /\d+ checks, \d+ still to do in Setup/);
  });

  test("fails if another build answers", async () => {
    const { why } = await smoke({ expected: { version: "0.1.0", commit: "another" } });
    assert.match(why ?? "", /does not answer with commit another: commit /);
  });

  test("leaves the setup checks to the console when the setup token has ended", async () => {
    const { why, said } = await smoke({ token: "a token that has ended long ago" });
    assert.equal(why, null);
    assert.match(said, /the setup token has ended/);
  });

  test("sends a mail that arrives in the mailbox, and says why if it cannot", async () => {
    assert.match((await smoke({ mailTo: "c@example.org" })).why ?? "", /a mail to c@example.org was not sent/);
    await connectedServer(stack);
    const { why, said } = await smoke({ mailTo: "c@example.org" });
    assert.equal(why, null);
    assert.match(said, /a mail to c@example.org was sent as msg_/);
    assert.equal(stack.sandbox.control.mails().length, 1);
  });
});
