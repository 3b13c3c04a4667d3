import type { Edit } from "../builders/changed-copy.ts";

export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** A seed whose world has what the fault concerns; 1 if absent. */
  readonly seed?: number;
  /** Mails that each server is given a day, if not as usual; with 0, one in two days. */
  readonly mails?: number;
}

const messages = "functions/domain/messages";
const connections = "functions/domain/connections";

/** Faults as they could slip into the sources, each of which breaks a promise. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "the message goes out without the mark",
    edits: [
      {
        file: `${messages}/deliver/try.ts`,
        text: "    const before = this.#claim.message.value;",
        by: "    if (refused) return true;\n$&",
      },
    ],
  },
  {
    name: "an expired lease is sent again although the mark is there",
    edits: [
      {
        file: `${messages}/due/dispatch.ts`,
        text: 'return value.phase === "data" ? doubtAbandoned(deps, { ...at, value }) : requeueAbandoned',
        by: "return requeueAbandoned",
      },
    ],
  },
  {
    name: "a lost reply counts as not sent",
    edits: [
      {
        file: `${messages}/deliver/verdict.ts`,
        text: 'return { kind: "unknown", ...nothing, recipients: left, smtp, problem };',
        by: 'return { kind: "again", meaning: "again", ...nothing, recipients: left, smtp, problem, retryAfterMs: null };',
      },
    ],
  },
  {
    name: "accepting forgets to make a message due, so a lost publication is never repeated",
    edits: [
      {
        file: `${messages}/accept/plan-message.ts`,
        text: "dueAtMs: clock.nowMs() + clock.lasting(LOST_PUBLISH_MS),\n});",
        by: "dueAtMs: clock.nowMs() + 400 * 86_400_000,\n});",
      },
    ],
  },
  {
    name: "the claim does not count what is sent",
    edits: [
      {
        file: `${messages}/limits/reserve.ts`,
        text: "const entries = compact(clock, [...ledger.entries, { atMs: nowMs, recipients }]);",
        by: "const entries = compact(clock, [...ledger.entries, { atMs: nowMs, recipients: 0 }]);",
      },
    ],
  },
  {
    name: "checks are not tried again, so a dead grant stays green",
    // A mail finds a dead grant as well as a check does.
    mails: 0,
    edits: [
      {
        file: `${connections}/checks/next-check.ts`,
        text: "const CHECK_EVERY_MS = DAY;",
        by: "const CHECK_EVERY_MS = 30 * DAY;",
      },
    ],
  },
  {
    name: "a rotation leaves the old secret",
    edits: [
      {
        file: `${connections}/endings/secret-sweep.ts`,
        text: 'if (unused !== undefined) await deps.vault.destroy({ kind: "refresh_token", serverId }, unused);',
        by: "void unused;",
      },
    ],
  },
  {
    name: "a worker that lost its lease settles all the same",
    edits: [
      {
        file: `${messages}/deliver/settle.ts`,
        text: "return await commitMove(deps, before, { after, early: true });",
        by: 'return await commitMove(deps, { ...before, version: (await deps.records.get("messages", before.id))?.version ?? "" }, { after });',
      },
    ],
  },
  {
    name: "the claim does not hold others off: the message is written without a condition",
    edits: [
      {
        file: `${messages}/commit-move.ts`,
        text: 'conditionalWrite("messages", before, message), ...also',
        by: '{ op: "put", kind: "messages", id: before.id, value: message } as const, ...also',
      },
    ],
  },
  {
    name: "a message that was searched in vain is sent again although its caller said hold",
    edits: [
      {
        file: `${messages}/deliver/resolver.ts`,
        text: 'value.onUnknown === "resend" ? resendObstacle',
        by: "value.onUnknown !== null ? resendObstacle",
      },
    ],
  },
  {
    name: "a copy found in the sent mail is not believed",
    edits: [
      {
        file: `${messages}/deliver/resolver.ts`,
        text: 'if (found === "found") {',
        by: 'if (found === "found" && value.lookups > 99) {',
      },
    ],
  },
  {
    name: "a temporary refusal fails a message for good",
    edits: [
      {
        file: `functions/domain/google/reply-table.ts`,
        text: '{ code: /4\\d\\d/, meaning: "again", problem: "temporarily_refused" },',
        by: '{ code: /4\\d\\d/, meaning: "final", problem: "temporarily_refused" },',
      },
    ],
  },
  {
    name: "a recipient refused for now is dropped",
    edits: [
      {
        file: `${messages}/deliver/verdict.ts`,
        text: 'state: meaning === "final" ? "rejected" : "pending", reply: refusal.reply',
        by: 'state: "rejected", reply: refusal.reply',
      },
    ],
  },
  {
    name: "all recipients count as reached although some were refused",
    edits: [
      {
        file: `${messages}/deliver/verdict.ts`,
        text: "const refusal = refused.find(({ address }) => address === recipient.address);",
        by: 'const refusal = rest.state === "accepted" ? undefined : refused.find(({ address }) => address === recipient.address);',
      },
    ],
  },
  {
    name: "what a dead worker held is never looked at again",
    edits: [
      {
        file: `${messages}/deliver/lease.ts`,
        text: "clock.nowMs() + Math.max(clock.lasting(LEASE_MS), SHORTEST_LEASE_MS);",
        by: "clock.nowMs() + 300 * Math.max(clock.lasting(LEASE_MS), SHORTEST_LEASE_MS);",
      },
    ],
  },
  {
    name: "an account may have any number of claims under way",
    edits: [
      {
        file: `${messages}/limits/reserve.ts`,
        text: "const MOST_AT_ONCE = 8;",
        by: "const MOST_AT_ONCE = 800;",
      },
    ],
  },
  {
    name: "room is given back that was used",
    edits: [
      {
        file: `${messages}/deliver/settle.ts`,
        text: "return claim.counted.recipients - newlyAccepted(claim, verdict);",
        by: "return claim.counted.recipients;",
      },
    ],
  },
  {
    name: "messages that wait for a reconnection are not released, and not looked at",
    edits: [
      {
        file: `${messages}/hold.ts`,
        text: "const LOOK_AGAIN_MS = { reconnect_required: HOUR,",
        by: "const LOOK_AGAIN_MS = { reconnect_required: 900 * HOUR,",
      },
      {
        file: `functions/domain/mail-servers/save-server.ts`,
        text: "if (outcome.done && canSendMore(before.value, value)) await",
        by: 'if (outcome.done && before.id === "" && canSendMore(before.value, value)) await',
      },
    ],
  },
  {
    name: "an event is lost when its worker dies after the commit",
    edits: [
      {
        file: `${messages}/deliver/deliver.ts`,
        text: "if (again) await announceMove(deps, message);",
        by: "void again;",
      },
    ],
  },
  {
    name: "an event that could not be published is not kept",
    edits: [
      {
        file: `functions/runtime/announce.ts`,
        text: "await keep(deps, left, { id, atMs });",
        by: "void keep;",
      },
    ],
  },
  {
    name: "interrupted changes of secrets are not swept",
    edits: [
      {
        file: `functions/runtime/handlers/refresh-tokens.ts`,
        text: "await sweepSecrets(system);",
        by: "void sweepSecrets;",
      },
    ],
  },
  {
    name: "the pointer is written before its secret is stored",
    edits: [
      {
        file: `${connections}/tokens/replace-secret.ts`,
        text: "  const secretVersion = await add();",
        by: "  const secretVersion = `early ${of.serverId}`;\n  void add;",
      },
    ],
  },
  {
    name: "the superseded secret is destroyed before the pointer moves",
    edits: [
      {
        file: `${connections}/tokens/replace-secret.ts`,
        text: "  const { grant, unused } = await movePointer(",
        by: "  await deps.vault.destroy(nameOf(of), of.grant.secretVersion);\n$&",
      },
    ],
  },
  {
    name: "the end of a grant that Google announces is not foretold",
    // In this world the app is in testing.
    seed: 2,
    edits: [
      {
        file: `${connections}/checks/lifetime.ts`,
        text: "const WARN_BEFORE_MS = 3 * DAY;",
        by: "const WARN_BEFORE_MS = 0;",
      },
      {
        file: `${connections}/checks/lifetime.ts`,
        text: "const WARN_AGAIN_BEFORE_MS = DAY;",
        by: "const WARN_AGAIN_BEFORE_MS = 0;",
      },
    ],
  },
  {
    name: "an unlisted answer of the token endpoint is never asked again, so checks stop",
    edits: [
      {
        file: `${connections}/checks/postpone-check.ts`,
        text: "  const nextCheckAtMs = retryCheckAtMs(deps, grant, app);",
        by: "  const nextCheckAtMs = null;",
      },
    ],
  },
  {
    name: "a cached token outlives its grant",
    edits: [
      {
        file: `${connections}/endings/end-grant.ts`,
        text: "const also = [emptyEntryWrite(serverId, await readEntry(deps, serverId))];",
        by: "const also = [];\n    void emptyEntryWrite;\n    void readEntry;",
      },
    ],
  },
  {
    name: "a message in a status of a later release is written",
    edits: [
      {
        file: "functions/domain/later-records.ts",
        text: "!isOfLaterVersion(kind, value) && (understands[kind]?.(value) ?? true);",
        by: "!isOfLaterVersion(kind, value) && (understands[kind] !== undefined || true);",
      },
      {
        file: `${messages}/understood.ts`,
        text: "  if (!isKnownStatus(message.status)) return false;",
        by: '  if (!isKnownStatus(message.status)) return "status" in message;',
      },
    ],
  },
  {
    name: "a move drops what this release does not know",
    edits: [
      {
        file: `${messages}/moves.ts`,
        text: "    ...withoutState(message),\n",
        by: '    ...withoutMembers(withoutState(message), Object.keys(message).filter((name) => name.startsWith("mark"))),\n',
      },
    ],
  },
  {
    name: "a message is accepted before it is stored",
    edits: [
      {
        file: `${messages}/accept/accept.ts`,
        text: "  const message = await commitNew(deps, {\n    id: identity.id,",
        by: `  if (deps.random.fraction() < 0.001)
    return ok({ kind: "accepted", message: { id: identity.id, value, version: "" }, replayed: false });
$&`,
      },
    ],
  },
];
