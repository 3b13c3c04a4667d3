import type { Principal } from "../access/records.ts";
import { fieldProblem, jsonPointer } from "../field-problems.ts";
import type { FieldProblem, Problem } from "../problem.ts";
import { limitsOf } from "./limits.ts";
import type { MailServer } from "./mail-server.ts";
import { mailServerInput, OPEN_TO_MEMBERS, READ_ONLY_MEMBERS } from "./mail-server-input.ts";
import { mayAdminister } from "./server-access.ts";

const forbidden = (fields: readonly FieldProblem[]): Problem | null =>
  fields.length === 0 ? null : { code: "forbidden", fields };

const isPartOfRecord = (name: string): boolean =>
  Object.hasOwn(mailServerInput.shape, name) || READ_ONLY_MEMBERS.some((member) => member === name);

/**
 * Which members of a patch are not this person's to write, whatever their value; null: none. A member's server also serves programs that
 * operators let in, so its priority, its senders or its username would decide where the mail of others goes.
 */
export const forbiddenMembers = (principal: Principal, names: readonly string[]): Problem | null => {
  if (mayAdminister(principal)) return null;
  const closed = names.filter((name) => isPartOfRecord(name) && !OPEN_TO_MEMBERS.includes(name));
  return forbidden(closed.map((name) => fieldProblem(jsonPointer([name]), "operators_only")));
};

/** A member may lower what their server sends, never raise it: also not by a reset to the account's defaults. */
export const raisedLimits = (principal: Principal, before: MailServer, after: MailServer): Problem | null => {
  if (mayAdminister(principal)) return null;
  const [from, to] = [limitsOf(before), limitsOf(after)];
  const raised = (["perMinute", "perDay"] as const).filter((name) => to[name] > from[name]);
  return forbidden(raised.map((name) => fieldProblem(jsonPointer(["limits", name]), "lower_only")));
};
