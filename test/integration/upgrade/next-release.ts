import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { changedCopy, type Edit } from "../../builders/changed-copy.ts";

const messages = "functions/domain/messages";

/** The next release sets messages with this tag aside until someone has approved them. */
export const REVIEWED = { review: "yes" } as const;

/** One more status with its event, and two more members. */
const EDITS: readonly Edit[] = [
  {
    file: `${messages}/statuses.ts`,
    text: "  queued: [",
    by: '  awaiting_approval: ["queued"],\n  queued: ["awaiting_approval", ',
  },
  {
    file: `${messages}/statuses.ts`,
    text: '  sent: {\n    stage: "final",',
    by: `  awaiting_approval: {
    stage: "waiting",
    first: false,
    claimable: "never",
    ages: "never",
    dueByExpiry: false,
    dueIsNextAttempt: false,
    endsWait: false,
    body: "kept",
    event: "relais.message.set_aside.v1",
  },
  sent: {
    stage: "final",`,
  },
  {
    file: `${messages}/moves.ts`,
    text: "  deferred: { dueAtMs: true },",
    by: "  awaiting_approval: { dueAtMs: true },\n$&",
  },
  { file: `${messages}/stats/count-move.ts`, text: "  queued: null,", by: "  awaiting_approval: null,\n$&" },
  // The first member: the campaign that a message belongs to.
  { file: `${messages}/accept/accept.ts`, text: "    ...plan.state,", by: '    campaignId: "cmp_0007",\n$&' },
  // The second: who must approve each recipient.
  {
    file: `${messages}/accept/accept.ts`,
    text: 'state: "pending", reply: null }',
    by: 'state: "pending", reply: null, approver: "olga" }',
  },
  {
    file: `${messages}/deliver/claim.ts`,
    text: "  if (!isUnderstoodMessage(value)) return leave(deps, id);",
    by: "$&\n  if (await setAsideForApproval(deps, { id, value, version })) return undefined;",
  },
  {
    file: `${messages}/deliver/claim.ts`,
    text: "import ",
    by: 'import { setAside as setAsideForApproval } from "./set-aside-for-approval.ts";\nimport ',
  },
  {
    file: `${messages}/deliver/claim.ts`,
    text: "import ",
    by: `import { commitMove } from "../commit-move.ts";
import { messageEvent } from "../message-events.ts";
import { moveTo } from "../moves.ts";
$&`,
  },
  {
    file: `${messages}/message-events.ts`,
    text: '  "relais.message.sent.v1": nothing,',
    by: '$&\n  "relais.message.set_aside.v1": nothing,',
  },
  {
    file: `${messages}/due/dispatch.ts`,
    text: '    case "sending":',
    by: `    case "awaiting_approval":
      return value.approvedBy === undefined ? undefined : enqueue(deps, { ...at, value }, null);
$&`,
  },
];

/** It has its own imports, so that the imports of `claim.ts` do not matter here. */
const SET_ASIDE = `import { commitMove } from "../commit-move.ts";
import { messageEvent } from "../message-events.ts";
import { moveTo } from "../moves.ts";

export const setAside = async (deps, message) => {
  const { value } = message;
  if (value.tags.review !== "yes" || value.approvedBy !== undefined) return false;
  const nowMs = deps.clock.nowMs();
  const after = moveTo(value, { status: "awaiting_approval", dueAtMs: nowMs }, { nowMs });
  const event = messageEvent("relais.message.set_aside.v1", message.id, after);
  await commitMove(deps, message, { after, event });
  return true;
};
`;

/** The sources of this release as a later one might have them, in a directory that the caller removes. */
export const nextRelease = (): string => {
  const copy = changedCopy(...EDITS);
  writeFileSync(join(copy, messages, "deliver/set-aside-for-approval.ts"), SET_ASIDE);
  return copy;
};
