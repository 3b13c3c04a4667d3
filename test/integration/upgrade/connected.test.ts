import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { checkServer } from "../../../functions/domain/connections/checks/check-server.ts";
import { assertPage, type Relais, SETUP, startRelais } from "../connections/relais.ts";
import { decorated, lostFrom, type Members, plant, stored } from "./later.ts";

suite("A mail server that a later release has written to, at Google", () => {
  let relais: Relais;
  before(async () => {
    relais = await startRelais();
  });
  after(() => relais.close());

  const connectedServer = async () => {
    const id = await relais.addServer();
    const browser = await relais.browser(SETUP);
    assert.equal((await browser.connect(id)).status, 303);
    return { browser, place: { kind: "mailServers", id } as const };
  };

  test("keeps unknown members through a check and a reconnect", async () => {
    const { browser, place } = await connectedServer();
    const before = decorated(await stored(relais.system, place), { wanted: true }) as Members;
    await plant(relais.system, place, before);
    assert.deepEqual(await checkServer(relais.system, place.id), { kind: "checked", state: "valid" });
    assert.deepEqual(lostFrom(before, await stored(relais.system, place)), [], "checked");
    assert.equal((await browser.connect(place.id)).status, 303);
    assert.deepEqual(lostFrom(before, await stored(relais.system, place)), [], "connected again");
  });

  test("is not reconnected if its state is unknown", async () => {
    const { browser, place } = await connectedServer();
    const callback = await browser.consent(`/google_gmail/authorize?server=${place.id}`);
    const before = await stored(relais.system, place);
    const later = { ...before, connection: { ...(before.connection as Members), state: "suspended" } };
    await plant(relais.system, place, later);
    await assertPage(await browser.get(callback), {
      status: 409,
      code: "newer_version",
      link: `/servers/${place.id}?problem=newer_version`,
    });
    assert.deepEqual(await stored(relais.system, place), later);
    const begun = await browser.get(`/google_gmail/authorize?server=${place.id}`);
    assert.equal(begun.status, 409);
  });
});
