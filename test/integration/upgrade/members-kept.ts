import assert from "node:assert/strict";
import fc from "fast-check";
import { checkServer } from "../../../functions/domain/connections/checks/check-server.ts";
import { noteRefusal } from "../../../functions/domain/connections/checks/note-grant-error.ts";
import { disconnect } from "../../../functions/domain/connections/endings/disconnect.ts";
import { endGrant } from "../../../functions/domain/connections/endings/end-grant.ts";
import { beginSecretChange } from "../../../functions/domain/connections/endings/secret-sweep.ts";
import { countGrant, forgetGrants, readGrantLedger } from "../../../functions/domain/connections/grant-ledger.ts";
import { emptyEntryWrite, readEntry } from "../../../functions/domain/connections/tokens/token-cache.ts";
import { editMailServer } from "../../../functions/domain/mail-servers/edit-mail-server.ts";
import { cancelMessage } from "../../../functions/domain/messages/commands/cancel.ts";
import { rescheduleMessage } from "../../../functions/domain/messages/commands/reschedule.ts";
import { resolveByPerson } from "../../../functions/domain/messages/commands/resolve-by-person.ts";
import { retryMessage } from "../../../functions/domain/messages/commands/retry-message.ts";
import { editSettings } from "../../../functions/domain/settings/edit-settings.ts";
import { onPush as onDeliver } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as onDispatch } from "../../../functions/runtime/handlers/dispatch-due.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { grant, mailServer, OPERATOR } from "../../builders/mail-server.ts";
import { decorated, extraValue, lostFrom, type Members, messageOf, plant, stored } from "./later.ts";
import { codeOf, push } from "./left-alone.ts";

type Act = (system: System, id: string) => Promise<unknown>;

interface Move {
  readonly from: Members;
  /** The statuses that the move may lead to; the test fails if nothing was moved. */
  readonly to: readonly string[];
  readonly by: Act;
}

const deliver: Act = (system, id) => onDeliver(system)(push({ id }, { relais: "deliver" }));
const tick: Act = (system) => onDispatch(system)(push({ tick: true }));
const inTime = (system: System, ms: number): string => new Date(system.clock.nowMs() + ms).toISOString();
const done = async (pending: Promise<Parameters<typeof codeOf>[0]>): Promise<void> => {
  const result = await pending;
  assert.equal(codeOf(result), "done", JSON.stringify(result));
};

const reply = { code: 450, enhanced: null, response: "later" };
const tried: Members = {
  firstTriedAtMs: 1,
  attempts: [{ atMs: 1, outcome: "deferred", smtp: reply, problem: "temporarily_refused" }],
  recipients: [{ address: "b@example.org", kind: "to", state: "pending", reply }],
};
const unknown: Members = { ...tried, status: "unknown", lookups: 0, sinceMs: 1, dueAtMs: null };
const recently = (system: System): Members => ({ ...tried, firstTriedAtMs: system.clock.nowMs() });

/** Every way in which this release moves a message, from each status that it can leave. */
const MOVES: Readonly<Record<string, (system: System) => Move>> = {
  "claim and settle": () => ({ from: { status: "queued" }, to: ["sent"], by: deliver }),
  "claim a deferred one": (system) => ({
    from: { ...recently(system), status: "deferred" },
    to: ["sent"],
    by: deliver,
  }),
  "refuse for good": () => ({
    from: { status: "queued", body: { kind: "inline", json: "{}" }, from: "eve@elsewhere.example" },
    to: ["failed"],
    by: deliver,
  }),
  "hold at an archived server": () => ({
    from: { status: "queued", serverId: "srv_archived" },
    to: ["held"],
    by: deliver,
  }),
  "expire at the claim": () => ({ from: { status: "queued", expiresAtMs: 1 }, to: ["expired"], by: deliver }),
  "expire at a tick": () => ({
    from: { status: "scheduled", scheduledAtMs: 1, expiresAtMs: 1 },
    to: ["expired"],
    by: tick,
  }),
  "queue what is scheduled": () => ({ from: { status: "scheduled", scheduledAtMs: 1 }, to: ["queued"], by: tick }),
  "take back an unmarked lease": () => ({
    from: { status: "sending", phase: "claimed", fence: 1 },
    to: ["queued"],
    by: tick,
  }),
  "doubt a marked lease": () => ({ from: { status: "sending", phase: "data", fence: 1 }, to: ["unknown"], by: tick }),
  "release what was held": () => ({
    from: { status: "held", because: "reconnect_required", sinceMs: 1, dueAtMs: null },
    to: ["queued"],
    by: (system) => onDispatch(system)(push({ server: "srv_known" })),
  }),
  "put off a held one": () => ({
    from: { status: "held", because: "paused", sinceMs: 1, serverId: "srv_archived" },
    to: ["held"],
    by: tick,
  }),
  "erase the body of a failed one": () => ({ from: { status: "failed", finalAtMs: 1 }, to: ["failed"], by: tick }),
  cancel: () => ({
    from: { status: "held", because: "paused", sinceMs: 1, dueAtMs: null },
    to: ["canceled"],
    by: (system, id) => done(cancelMessage(system, OPERATOR, id)),
  }),
  reschedule: (system) => ({
    from: { status: "scheduled", scheduledAtMs: system.clock.nowMs() + 9e9, dueAtMs: system.clock.nowMs() + 9e9 },
    to: ["scheduled"],
    by: (_, id) => done(rescheduleMessage(system, OPERATOR, { id, body: { scheduledAt: inTime(system, 8e9) } })),
  }),
  retry: () => ({
    from: { ...tried, status: "failed", finalAtMs: 1, dueAtMs: null, eraseAtMs: 9e12 },
    to: ["queued"],
    by: (system, id) => done(retryMessage(system, OPERATOR, id)),
  }),
  "resolve as sent": () => ({ from: unknown, to: ["sent", "queued"], by: resolveAs("sent") }),
  "resolve as failed": () => ({ from: unknown, to: ["failed"], by: resolveAs("failed") }),
  "resolve by sending again": () => ({ from: unknown, to: ["queued"], by: resolveAs("resend") }),
  "resolve by scheduling again": (system) => ({
    from: { ...unknown, scheduledAtMs: system.clock.nowMs() + 9e9 },
    to: ["scheduled"],
    by: resolveAs("resend"),
  }),
};

const resolveAs =
  (as: string): Act =>
  (system, id) =>
    done(resolveByPerson(system, OPERATOR, { id, body: { as } }));

export const MESSAGE_MOVES = Object.keys(MOVES);

/** Moves a message in one way, several times, with other members each time. */
export const keepsMembersOfMessages = async (
  { system, runs }: { readonly system: System; readonly runs: number },
  name: string,
): Promise<void> => {
  for (const [n, extra] of fc.sample(extraValue, runs).entries()) {
    const move = MOVES[name]?.(system);
    assert.ok(move);
    const id = `msg_${name.replaceAll(" ", "-")}_${n}`;
    const known = { ...messageOf(system, id, { serverId: "srv_known" }), ...move.from };
    const value = decorated(known, extra) as Members;
    await plant(system, { kind: "messages", id }, value);
    await move.by(system, id);
    const after = await stored(system, { kind: "messages", id });
    assert.ok(move.to.includes(String(after.status)), `${name}: ${after.status}`);
    assert.notDeepEqual(after, value, `${name} writes the record`);
    const erased = (after.body as Members).kind === "erased" && (value.body as Members).kind !== "erased";
    // A body holds the mail's content, and its members go with it.
    const lost = lostFrom({ ...value, ...(erased && { body: {} }) }, after);
    // The next reply replaces a server's reply as a whole.
    assert.deepEqual(
      lost.filter((place) => !place.includes("/reply/")),
      [],
      name,
    );
  }
};

const connected: Members = {
  connection: { state: "valid", grant: { ...grant(), sendAs: { addresses: [], readAtMs: 1 } } },
};
const death = { reason: "session_policy", by: "invalid_rapt", evidence: {} } as const;

const SERVER_MOVES: Readonly<Record<string, { readonly from: Members; readonly by: Act }>> = {
  edit: {
    from: { ...connected, limits: { perMinute: 3, perDay: 30 } },
    by: (system, id) => {
      const patch = { description: "edited", limits: { perDay: 40 }, fromFilter: ["@example.com"] };
      return done(editMailServer(system, OPERATOR, { id, patch, ifMatch: null }));
    },
  },
  "edit what its grant does not fit": {
    from: connected,
    by: (system, id) =>
      done(editMailServer(system, OPERATOR, { id, patch: { username: "bo@example.com" }, ifMatch: null })),
  },
  "rename, and take the name back": {
    from: connected,
    by: async (system, id) => {
      for (const name of [`second of ${id}`, `server of ${id}`])
        await done(editMailServer(system, OPERATOR, { id, patch: { name }, ifMatch: null }));
    },
  },
  "end its grant": {
    from: connected,
    by: (system, id) => endGrant(system, { serverId: id, secretVersion: "1" }, death),
  },
  "find it refused by Gmail": { from: connected, by: (system, id) => noteRefusal(system, id, { beyondProbe: "no" }) },
  "find its secret gone": { from: connected, by: (system, id) => checkServer(system, id) },
  disconnect: { from: connected, by: (system, id) => done(disconnect(system, id, "olga@example.com")) },
};

/** Every way in which this release changes a mail server without Google's help. */
export const keepsMembersOfServers = async ({
  system,
  runs,
}: {
  readonly system: System;
  readonly runs: number;
}): Promise<void> => {
  for (const [name, { from, by }] of Object.entries(SERVER_MOVES)) {
    for (const [n, extra] of fc.sample(extraValue, runs).entries()) {
      const id = `srv_${name.replace(/[^a-z]/g, "")}_${n}`;
      const value = decorated({ ...mailServer({ name: `server of ${id}` }), ...from }, extra) as Members;
      await plant(system, { kind: "mailServers", id }, value);
      await by(system, id);
      const after = await stored(system, { kind: "mailServers", id });
      assert.notDeepEqual(after, value, `${name} writes the record`);
      assert.deepEqual(lostFrom(value, after), [], name);
    }
  }
};

/** The records that support the others: settings, ledgers, token entries, sweeps. */
export const keepsMembersOfTheRest = async ({ system }: { readonly system: System }): Promise<void> => {
  const [extra] = fc.sample(extraValue, 1);
  const of = { clientId: "client", sub: "sub-of-the-rest" };
  const settings = { kind: "settings", id: "settings" } as const;
  const before = decorated(
    {
      gmailCredentials: { clientId: "1.apps.googleusercontent.com", secretVersion: "1", configuredAtMs: 1 },
      operators: [],
      publishingStatus: "undeclared",
      paused: false,
      alerts: { server: "srv_known", to: ["olga@example.com"] },
      pins: {},
      operatorSignedInAtMs: null,
    },
    extra,
  ) as Members;
  await plant(system, settings, before);
  await done(editSettings(system, OPERATOR, { paused: true }));
  await done(editSettings(system, OPERATOR, { paused: false, alerts: { to: ["ops@example.com"] } }));
  const after = await stored(system, settings);
  assert.deepEqual(lostFrom(before, after), []);
  assert.deepEqual((after.alerts as Members).to, ["ops@example.com"]);
  await plant(system, settings, { ...after, publishingStatus: "verified_later" });
  await done(editSettings(system, OPERATOR, { retentionDays: 31 }));
  assert.equal(
    (await stored(system, settings)).publishingStatus,
    "verified_later",
    "a status of a later release stays",
  );

  const first = countGrant(
    system.clock,
    { of, kept: undefined, declared: { publishingStatus: "testing" } },
    "srv_known",
  );
  assert.ok(first.write.op === "create");
  const ledger = { kind: "grantLedgers", id: first.write.id } as const;
  await plant(system, ledger, { grants: [], later_top: extra });
  const kept = await readGrantLedger(system, of);
  const second = countGrant(system.clock, { of, kept, declared: { publishingStatus: "testing" } }, "srv_known");
  await system.records.commit([second.write]);
  await forgetGrants(system, of, 0);
  assert.deepEqual((await stored(system, ledger)).later_top, extra);

  const entry = { kind: "accessTokens", id: "srv_rest" } as const;
  await plant(system, entry, {
    generation: 1,
    sealed: null,
    scopes: [],
    expiresAtMs: 0,
    leaseUntilMs: null,
    later_top: extra,
  });
  await system.records.commit([emptyEntryWrite(entry.id, await readEntry(system, entry.id))]);
  assert.deepEqual((await stored(system, entry)).later_top, extra);

  const sweep = { kind: "secretSweeps", id: "srv_rest" } as const;
  await plant(system, sweep, { dueAtMs: 9e15, revoke: null, later_top: extra });
  await beginSecretChange(system, sweep.id);
  assert.deepEqual((await stored(system, sweep)).later_top, extra);
};
