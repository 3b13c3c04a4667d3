import type { Edit } from "../builders/changed-copy.ts";

export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
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
];
