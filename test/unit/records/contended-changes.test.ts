import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { noteRefusal } from "../../../functions/domain/connections/checks/note-grant-error.ts";
import { endGrant } from "../../../functions/domain/connections/endings/end-grant.ts";
import { noteClientFacts } from "../../../functions/domain/connections/tokens/client-facts.ts";
import { editMailServer } from "../../../functions/domain/mail-servers/edit-mail-server.ts";
import { grantOf } from "../../../functions/domain/mail-servers/mail-server.ts";
import { cancelMessage, cancelOpenMessages } from "../../../functions/domain/messages/commands/cancel.ts";
import { rescheduleMessage } from "../../../functions/domain/messages/commands/reschedule.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { releaseHeld } from "../../../functions/domain/messages/due/release.ts";
import { changeLedger } from "../../../functions/domain/messages/limits/ledger.ts";
import { EMPTY_LEDGER } from "../../../functions/domain/messages/limits/room.ts";
import { Contended } from "../../../functions/domain/problem.ts";
import type { RecordKind } from "../../../functions/domain/record-kinds.ts";
import type { Records, Write } from "../../../functions/domain/records.ts";
import { ok } from "../../../functions/domain/result.ts";
import { changeSettings } from "../../../functions/domain/settings/change-settings.ts";
import { delivery } from "../../builders/delivery.ts";
import { OPERATOR } from "../../builders/mail-server.ts";
import { messageBench, simpleMessage } from "../../builders/messages.ts";
import { newWorld, SERVER } from "../connections/walk.ts";

/** A store with a rival, who writes each record of a kind just before anyone else's write on condition of it. */
const rivalled = (records: Records, kind: RecordKind) => {
  const rival = { strikes: 0, struck: 0 };
  const isHit = (write: Write): boolean => write.kind === kind && (write.op === "replace" || write.op === "create");
  const commit: Records["commit"] = async (writes) => {
    const hit = rival.struck < rival.strikes ? writes.find(isHit) : undefined;
    const before = hit && (await records.get(hit.kind, hit.id));
    if (hit !== undefined && (before !== undefined || hit.kind === "quotas")) {
      const value = before?.value ?? EMPTY_LEDGER;
      await records.commit([{ op: "put", kind: hit.kind, id: hit.id, value } as Write]);
      rival.struck += 1;
    }
    return records.commit(writes);
  };
  const get: Records["get"] = (...asked) => records.get(...asked);
  const query: Records["query"] = (...asked) => records.query(...asked);
  return { rival, records: { get, commit, query } };
};

type Rivalled = { readonly rival: { strikes: number; struck: number }; readonly change: () => Promise<unknown> };

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const connected = async () => {
  const world = await newWorld();
  closing.push(world.close);
  await world.connect(SERVER);
  const grant = grantOf((await world.deps.records.get("mailServers", SERVER))?.value ?? assert.fail());
  return { world, of: { serverId: SERVER, secretVersion: grant?.secretVersion ?? "" }, deps: world.deps };
};

/** A change of a connected server, made on a store with a rival. */
const ofServer =
  (
    kind: RecordKind,
    change: (
      deps: Awaited<ReturnType<typeof newWorld>>["deps"],
      of: { serverId: string; secretVersion: string },
    ) => Promise<unknown>,
  ) =>
  async (): Promise<Rivalled> => {
    const { deps, of } = await connected();
    const { rival, records } = rivalled(deps.records, kind);
    return { rival, change: () => change({ ...deps, records }, of) };
  };

/** A change of a waiting message. */
const ofMessage =
  (change: (bench: ReturnType<typeof messageBench>, id: string) => Promise<unknown>) => async (): Promise<Rivalled> => {
    const bench = messageBench();
    closing.push(bench.close);
    await bench.addServer("srv_a");
    const scheduledAt = new Date(bench.clock.nowMs() + 3_600_000).toISOString();
    const { id } = await bench.accepted({ ...simpleMessage, scheduledAt });
    const { rival, records } = rivalled(bench.records, "messages");
    return { rival, change: () => change({ ...bench, records }, id) };
  };

const death = { reason: "password_or_revoked", by: "invalid_grant", evidence: {} } as const;
const deed = { actor: "x", action: "settings.update", target: "settings" } as const;

const CHANGES: Readonly<Record<string, () => Promise<Rivalled>>> = {
  "an edit of a mail server": ofServer("mailServers", (deps) =>
    editMailServer(deps, OPERATOR, { id: SERVER, patch: { description: "x" }, ifMatch: null }),
  ),
  "the end of a grant": ofServer("mailServers", (deps, of) => endGrant(deps, of, death)),
  "a refusal by Gmail": ofServer("mailServers", (deps) => noteRefusal(deps, SERVER, { beyondProbe: null })),
  "a change of the settings": ofServer("settings", (deps) =>
    changeSettings(
      deps,
      (before) => ok({ ...before, paused: !before.paused }),
      () => deed,
    ),
  ),
  "facts of a client": ofServer("oauthClients", async (deps) => {
    await noteClientFacts(deps, "client-1", { securityEventAtMs: 1 });
    await noteClientFacts(deps, "client-1", { securityEventAtMs: 2 });
  }),
  "a caller's word on a message": ofMessage((bench, id) => cancelMessage(bench, OPERATOR, id)),
  "another time for a message": ofMessage((bench, id) =>
    rescheduleMessage(bench, OPERATOR, {
      id,
      body: { scheduledAt: new Date(bench.clock.nowMs() + 7_200_000).toISOString() },
    }),
  ),
  "the cancellation of a server's mail": ofMessage((bench) => cancelOpenMessages(bench, "srv_a")),
};

describe("a change that a rival keeps preempting", () => {
  for (const [what, prepare] of Object.entries(CHANGES)) {
    it(`succeeds in the end: ${what}`, async () => {
      const { rival, change } = await prepare();
      rival.strikes = 9;
      await change();
      assert.equal(rival.struck, 9);
    });

    it(`ends as contended, and in no other way, if the rival never stops: ${what}`, async () => {
      const { rival, change } = await prepare();
      rival.strikes = Number.POSITIVE_INFINITY;
      await assert.rejects(change(), Contended);
      assert.ok(rival.struck > 9 && rival.struck < 50, String(rival.struck));
    });
  }
});

describe("a message that several workers want", () => {
  for (const kind of ["messages", "quotas"] as const) {
    it(`stays queued for the next tick while a rival of ${kind} keeps the claim from succeeding, and is sent afterwards`, async () => {
      const stack = await delivery();
      await stack.accept("msg_1");
      const { rival, records } = rivalled(stack.deps.records, kind);
      rival.strikes = Number.POSITIVE_INFINITY;
      await deliverMessage({ ...stack.deps, records }, "msg_1");
      assert.equal((await stack.message("msg_1")).status, "queued");
      assert.equal(stack.attempts.length, 0);
      rival.strikes = 0;
      await deliverMessage({ ...stack.deps, records }, "msg_1");
      assert.equal((await stack.message("msg_1")).status, "sent");
      assert.equal(stack.attempts.length, 1);
    });
  }

  it("counts too much rather than too little if its ledger is never free, because the correction is skipped", async () => {
    const stack = await delivery();
    const { rival, records } = rivalled(stack.deps.records, "quotas");
    rival.strikes = Number.POSITIVE_INFINITY;
    const changed = await changeLedger({ ...stack.deps, records }, { serverId: "srv_one" }, (ledger) => ({
      ...ledger,
    }));
    assert.equal(changed, undefined);
    assert.equal(await releaseHeld({ ...stack.deps, records }, "srv_one"), 0);
  });
});
