import assert from "node:assert/strict";
import fc from "fast-check";
import { checkServer } from "../../../functions/domain/connections/checks/check-server.ts";
import { noteGrantError, noteRefusal } from "../../../functions/domain/connections/checks/note-grant-error.ts";
import { startConnecting } from "../../../functions/domain/connections/connect/start.ts";
import { disconnect } from "../../../functions/domain/connections/endings/disconnect.ts";
import { endGrant } from "../../../functions/domain/connections/endings/end-grant.ts";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import { deleteMailServer } from "../../../functions/domain/mail-servers/delete-mail-server.ts";
import { editMailServer } from "../../../functions/domain/mail-servers/edit-mail-server.ts";
import { listMailServers } from "../../../functions/domain/mail-servers/list-mail-servers.ts";
import { mailServerView } from "../../../functions/domain/mail-servers/mail-server-view.ts";
import { testConnection } from "../../../functions/domain/mail-servers/test-connection.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { cancelMessage, cancelOpenMessages } from "../../../functions/domain/messages/commands/cancel.ts";
import { openMessages } from "../../../functions/domain/messages/commands/open-messages.ts";
import { rescheduleMessage } from "../../../functions/domain/messages/commands/reschedule.ts";
import { resolveByPerson } from "../../../functions/domain/messages/commands/resolve-by-person.ts";
import { retryMessage } from "../../../functions/domain/messages/commands/retry-message.ts";
import { doubtRestored } from "../../../functions/domain/messages/due/doubt-restored.ts";
import { closeLedger } from "../../../functions/domain/messages/stats/ledger-tally.ts";
import { listMessages, NO_FILTER } from "../../../functions/domain/messages/views/list-messages.ts";
import { messageView } from "../../../functions/domain/messages/views/message-view.ts";
import type { Result } from "../../../functions/domain/result.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { onPush as onDeliver } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as onDispatch } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { onPush as onRefresh } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { grant, mailServer, OPERATOR } from "../../builders/mail-server.ts";
import { laterMessage, laterWord, type Members, messageOf, plant, stored } from "./later.ts";

export const push = (data: unknown, attributes: Readonly<Record<string, string>> = {}) => ({
  messageId: "1",
  attributes,
  data: Buffer.from(JSON.stringify(data)),
  deliveryAttempt: 2,
});

export const codeOf = (result: Result<unknown>): string => (result.ok ? "done" : result.problem.code);

/** Everything that this release does with messages, applied to each of these. */
const doAllTo = async (system: System, serverId: string, ids: readonly string[]): Promise<void> => {
  const [deliver, dispatch] = [onDeliver(system), onDispatch(system)];
  for (const id of ids) await deliver(push({ id }, { relais: "deliver" }));
  for (const data of [{ tick: true }, { server: serverId }, { room: serverId }, { resume: true }]) {
    await dispatch(push(data, { relais: "tick" }));
  }
  const scheduledAt = new Date(system.clock.nowMs() + 3_600_000).toISOString();
  for (const id of ids) {
    for (const code of [
      codeOf(await cancelMessage(system, OPERATOR, id)),
      codeOf(await retryMessage(system, OPERATOR, id)),
      codeOf(await rescheduleMessage(system, OPERATOR, { id, body: { scheduledAt } })),
      codeOf(await resolveByPerson(system, OPERATOR, { id, body: { as: "sent" } })),
      codeOf(await resolveByPerson(system, OPERATOR, { id, body: { as: "resend" } })),
      codeOf(await resolveByPerson(system, OPERATOR, { id, body: { as: "failed" } })),
    ])
      assert.ok(["wrong_status", "newer_version", "body_erased"].includes(code), `${id}: ${code}`);
  }
  await cancelOpenMessages(system, serverId);
  const doubted = await doubtRestored(system, system.clock.nowMs());
  assert.ok(doubted.ok);
};

export interface Checked {
  readonly system: System;
  readonly serverId: string;
  readonly runs: number;
  /** Mails at Gmail's by now. */
  readonly mails: () => number;
}

/** Messages of a later release are shown, and nothing that this one does changes, sends or erases any of them. */
export const leavesMessagesAlone = async ({ system, serverId, runs, mails }: Checked): Promise<void> => {
  const sample = fc.sample(laterMessage, runs);
  const planted = new Map<string, Members>();
  for (const [n, changes] of sample.entries()) {
    const id = `msg_later_${n}`;
    const value = { ...messageOf(system, id, changes), serverId };
    planted.set(id, value);
    await plant(system, { kind: "messages", id }, value);
  }
  // The same push sends a message that this release knows.
  await plant(system, { kind: "messages", id: "msg_known" }, { ...messageOf(system, "msg_known", {}), serverId });
  const before = mails();
  await onDeliver(system)(push({ id: "msg_known" }, { relais: "deliver" }));
  assert.equal(mails(), before + 1);
  await doAllTo(system, serverId, [...planted.keys()]);
  const page = { limit: 200, cursor: null };
  const listed = await listMessages(system.records, OPERATOR, { filter: NO_FILTER, page });
  assert.ok(listed.ok && listed.value !== "bad_cursor");
  const shown = new Map(listed.value.items.map((item) => [item.id, messageView(item)]));
  for (const [id, value] of planted) {
    assert.deepEqual(await stored(system, { kind: "messages", id }), value);
    assert.equal(shown.get(id)?.status, value.status);
  }
  assert.equal(mails(), before + 1, "nothing else is sent");
};

/** A chunked body that a message of a later release may refer to in its own way. */
export const keepsBodiesOfLaterMessages = async ({ system, serverId }: Checked): Promise<void> => {
  const [id, set] = ["msg_large_later", "set-of-a-later-release"];
  const chunk = { messageId: id, index: 0, text: "text", createdAtMs: 1 };
  await plant(
    system,
    { kind: "messages", id },
    { ...messageOf(system, id, { body: { kind: "zipped", set } }), serverId },
  );
  await plant(system, { kind: "bodyChunks", id: `${set}.0` }, chunk);
  await plant(system, { kind: "bodyChunks", id: `${set}.marker` }, { ...chunk, index: 1, text: "", sweepAtMs: 1 });
  await onDispatch(system)(push({ tick: true }));
  assert.equal((await stored(system, { kind: "bodyChunks", id: `${set}.0` })).text, "text");
};

/** What a later release publishes for itself is not a program's mail. */
export const leavesPushesToLater = async ({ system }: Checked): Promise<void> => {
  const [word = ""] = fc.sample(laterWord, 1);
  const mail = { server: "srv_known", to: "b@example.org", subject: "no mail", text: "x" };
  assert.equal(await onDeliver(system)(push(mail, { relais: word })), "nack");
  const filter = { ...NO_FILTER, status: "failed" as const };
  const listed = await listMessages(system.records, OPERATOR, { filter, page: { limit: 200, cursor: null } });
  assert.ok(listed.ok && listed.value !== "bad_cursor");
  assert.ok(listed.value.items.every(({ value }) => value.subject !== mail.subject));
};

const connectionOf = (members: Members): Members => ({ connection: { state: "valid", grant: grant(), ...members } });
const error = { state: "error", sinceMs: 1 };

/** What a later release may write in a mail server, so that this one must leave it alone. */
const laterServer: fc.Arbitrary<Members> = fc.oneof(
  laterWord.map((state) => connectionOf({ state })),
  laterWord.map((state) => ({ connection: { state, credentials: { elsewhere: true } } })),
  laterWord.map((reason) => connectionOf({ ...error, reason })),
  laterWord.map((reason) => connectionOf({ state: "reconnect_required", sinceMs: 1, reason })),
  fc.tuple(laterWord).map(([transport]) => ({ ...connectionOf({}), transport })),
  fc.integer({ min: 3, max: 9 }).map((recordVersion) => ({ ...connectionOf({}), recordVersion })),
  fc.integer({ min: 3, max: 9 }).map((recordVersion) => ({
    ...connectionOf({ ...error, reason: "gmail_refused" }),
    recordVersion,
  })),
);

const doAllToServer = async (system: System, id: string): Promise<void> => {
  const refresh = onRefresh(system);
  const found = await system.records.get("mailServers", id);
  assert.ok(found);
  await refresh(push({ server: id, due: true }));
  await refresh(push({ server: id }));
  await refresh(push({ tick: true }));
  assert.equal((await checkServer(system, id)).kind, "nothing_to_check");
  const tokens = accessTokens(system);
  assert.equal((await tokens.renew(id)).ok, false);
  const stages = await testConnection({ ...system, tokens }, found);
  assert.equal(stages?.[0]?.problem?.code, "newer_version");
  const name = `renamed ${id}`;
  assert.equal(codeOf(await editMailServer(system, OPERATOR, { id, patch: { name }, ifMatch: null })), "newer_version");
  assert.equal(codeOf(await disconnect(system, id, "olga@example.com")), "newer_version");
  const deps = {
    ...system,
    openMessages: openMessages(system),
    closeLedger: (serverId: string) => closeLedger(system, serverId),
    cancelWaiting: async () => undefined,
    disconnect: () => disconnect(system, id, "olga@example.com"),
  };
  assert.equal(codeOf(await deleteMailServer(deps, OPERATOR, { id, cancel: true })), "newer_version");
  const browser = { sessionId: null, live: false, principal: OPERATOR };
  assert.equal(codeOf(await startConnecting(system, browser, id)), "newer_version");
  const death = { reason: "unclear", by: "invalid_grant", evidence: {} } as const;
  await endGrant(system, { serverId: id, secretVersion: "1" }, death);
  await noteRefusal(system, id, { beyondProbe: null });
  await noteGrantError(system, id, "client_rejected");
};

/**
 * Mail servers of a later release are shown. Nothing that this one does changes them, and none of their secrets is
 * destroyed.
 */
export const leavesServersAlone = async ({ system, runs }: Checked): Promise<void> => {
  const planted = new Map<string, { readonly value: Members; readonly secret: string }>();
  for (const [n, changes] of fc.sample(laterServer, runs).entries()) {
    const id = `srv_later_${n}`;
    const secret = await system.vault.add({ kind: "refresh_token", serverId: id }, new Secret(`1//later-${n}`));
    const value = { ...mailServer({ name: id }), nextCheckAtMs: 1, accountSub: "later", ...changes };
    planted.set(id, { value, secret });
    await plant(system, { kind: "mailServers", id }, value);
    await plant(system, { kind: "secretSweeps", id }, { dueAtMs: 1, revoke: null });
  }
  for (const [id, { value, secret }] of planted) {
    await doAllToServer(system, id);
    assert.deepEqual(await stored(system, { kind: "mailServers", id }), value);
    assert.ok(await system.vault.read({ kind: "refresh_token", serverId: id }, secret), `${id} keeps its secret`);
  }
  for (const id of planted.keys()) {
    const json = { server: id, to: "b@example.org", subject: "by a later server", text: "x" };
    const accepted = await acceptMessage(system, { principal: OPERATOR, json, idempotencyKey: null, sizeLimit: 1_000 });
    if (!accepted.ok)
      assert.ok(["server_unavailable", "from_not_allowed"].includes(accepted.problem.code), accepted.problem.code);
    else assert.equal(accepted.value.kind === "accepted" && accepted.value.message.value.status, "held");
  }
  const listed = await listMailServers(system.records, OPERATOR, { limit: 200, cursor: null });
  assert.ok(listed.ok && listed.value !== "bad_cursor");
  for (const server of listed.value.items) {
    const { connection } = mailServerView(server, (reason) => reason);
    assert.equal(connection.state, server.value.connection.state);
  }
};
