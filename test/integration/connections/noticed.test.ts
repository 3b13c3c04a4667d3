import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { DAY, MINUTE } from "../../../functions/domain/clock.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../../functions/domain/messages/accept/message-input.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import type { Relais } from "./relais.ts";
import { startWorks, type Works } from "./workers.ts";

const COUNT = 20;
const ADA = "ada@example.com";

describe("access that a person has revoked at Google", () => {
  let works: Works;
  let relais: Relais;
  let id: string;
  beforeEach(async () => {
    works = await startWorks();
    ({ relais } = works);
    id = await relais.addServer({ limits: { perMinute: 1_000, perDay: 2_000 } });
    await connect();
    await works.work();
  });
  afterEach(() => works.close());

  const connect = () => works.connect(id, ADA);
  const send = async (): Promise<void> => {
    for (let at = 0; at < COUNT; at += 1) {
      const json = { to: "b@example.org", subject: `No ${at}`, text: "Bonjour" };
      const submission = { principal: { kind: "setup" }, json, idempotencyKey: null } as const;
      const accepted = await acceptMessage(relais.system, { ...submission, sizeLimit: HTTP_SIZE_LIMIT });
      assert.ok(accepted.ok, JSON.stringify(accepted));
    }
  };
  const messages = async (): Promise<readonly Message[]> => {
    const page = await relais.system.records.query("messagesNewest", {}, { limit: 100 });
    assert.ok(page !== "bad_cursor");
    return page.items.map(({ value }) => value);
  };
  const state = async (): Promise<string> => (await relais.server(id)).connection.state;

  const WAYS: Readonly<Record<string, () => Promise<void>>> = {
    "a security event": async () => {
      const body = await relais.sandbox.control.securityEventToken({ type: "tokens-revoked", account: ADA });
      const headers = { "content-type": "application/secevent+jwt" };
      const url = `${relais.origin}/google_gmail/security-events`;
      assert.equal((await fetch(url, { method: "POST", body, headers })).status, 202);
      assert.equal(await state(), "reconnect_required", "before anything was checked or sent");
      await send();
    },
    "the next check": async () => {
      relais.clock.advance(1.3 * DAY);
      await works.push("token-checks", { tick: true });
      await works.work();
      assert.equal(await state(), "reconnect_required", "before anything was sent");
      await send();
    },
    // The cached access token is valid for most of an hour, so Relais finds out from Gmail's refusal.
    "the first failed send": send,
  };

  for (const [way, notice] of Object.entries(WAYS)) {
    it(`is noticed by ${way} alone; mail is held meanwhile, and sent once after the reconnect`, async () => {
      relais.sandbox.control.revoke(ADA);
      assert.equal(await state(), "valid", "nobody has told Relais");
      await notice();
      await works.work();
      assert.equal(await state(), "reconnect_required");
      const told = relais.announced.filter(({ type }) => type === "relais.server.reconnect_required.v1");
      assert.deepEqual(
        told.map(({ data }) => data.reason),
        ["password_or_revoked"],
      );
      const held = await messages();
      assert.equal(held.length, COUNT);
      assert.ok(held.every((one) => one.status === "held" && one.because === "reconnect_required"));
      assert.equal(relais.sandbox.control.mails().length, 0);

      await connect();
      await works.work();
      for (let ticks = 0; ticks < 5 && (await messages()).some(({ status }) => status !== "sent"); ticks += 1) {
        relais.clock.advance(MINUTE);
        await works.push("mail-dispatch", { tick: true });
        await works.work();
      }
      assert.deepEqual([...new Set((await messages()).map(({ status }) => status))], ["sent"]);
      const raws = relais.sandbox.control.mails().map(({ raw }) => String(raw));
      const subjects = raws.map((raw) => Number(/^Subject: No (\d+)/m.exec(raw)?.[1]));
      assert.deepEqual(
        subjects.sort((a, b) => a - b),
        [...Array(COUNT).keys()],
      );
    });
  }
});
