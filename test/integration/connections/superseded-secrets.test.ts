import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { openSecretManager } from "../../../functions/adapters/secret-manager/client.ts";
import { secretManagerVault } from "../../../functions/adapters/secret-manager/secret-manager-vault.ts";
import { DAY, HOUR } from "../../../functions/domain/clock.ts";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import type { SecretVault } from "../../../functions/domain/secret-vault.ts";
import { onPush as refreshTokens } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import { movableClock } from "../../builders/clock.ts";
import { type SecretManagerStandIn, startSecretManagerStandIn } from "../../builders/secret-manager-stand-in.ts";
import { testRandom } from "../../builders/store.ts";
import { type Relais, SETUP, startRelais } from "./relais.ts";

describe("refresh tokens in Secret Manager", () => {
  let standIn: SecretManagerStandIn;
  let relais: Relais;
  let vault: SecretVault;
  before(async () => {
    standIn = await startSecretManagerStandIn();
    const clock = movableClock();
    const calls = googleCalls({ clock, random: testRandom });
    vault = secretManagerVault({ calls, client: openSecretManager(standIn.host), projectId: "p" });
    relais = await startRelais({ clock, vault });
  });
  after(async () => {
    await relais.close();
    await standIn.close();
  });

  /** The vault with the rights of `deliver-mail`: it may add and read versions, and destroy none (infra/secrets.tf). */
  const withoutRightToDestroy = (): SecretVault => {
    const refused = async (): Promise<never> => {
      throw new Unavailable("destroy a secret", { cause: new Error("PERMISSION_DENIED") });
    };
    return { ...vault, destroy: refused, remove: refused };
  };

  it("leave one enabled version after 50 reconnects and rotations of one server", async () => {
    const id = await relais.addServer({ username: "ada@example.com" });
    const tokens = accessTokens({ ...relais.system, vault: withoutRightToDestroy() });
    for (let round = 0; round < 25; round += 1) {
      const answer = await (await relais.browser(SETUP)).connect(id);
      assert.equal(answer.status, 303, await answer.text());
      relais.clock.advance(HOUR);
      relais.sandbox.control.set({ fault: "rotate_refresh_token" });
      assert.ok((await tokens.obtain(id)).ok);
      relais.sandbox.control.clear();
    }
    const name = { kind: "refresh_token", serverId: id } as const;
    assert.ok((await vault.versions(name)).length >= 1);

    // The ticks of a day destroy what was left behind.
    for (let hour = 0; hour < 24; hour += 1) {
      relais.clock.advance(DAY / 24);
      const tick = {
        messageId: "1",
        attributes: { relais: "tick" },
        data: Buffer.from('{"tick":true}'),
        deliveryAttempt: null,
      };
      assert.equal(await refreshTokens(relais.system)(tick), "ack");
    }
    assert.equal((await vault.versions(name)).length, 1);
    relais.clock.advance(HOUR);
    assert.ok((await accessTokens(relais.system).obtain(id)).ok, "and it is the one that works");
  });
});
