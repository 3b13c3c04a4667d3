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
 * Refuses the fields of a patch that this person must not write, or returns null. A member's server also serves the
 * operators' programs, so its priority, From filter or username would redirect the mail of others.
 */
export const forbiddenMembers = (principal: Principal, names: readonly string[]): Problem | null => {
  if (mayAdminister(principal)) return null;
  const closed = names.filter((name) => isPartOfRecord(name) && !OPEN_TO_MEMBERS.includes(name));
  return forbidden(closed.map((name) => fieldProblem(jsonPointer([name]), "operators_only")));
};

/** Refuses limits that a member has raised, including by a reset to the defaults of the account's kind. */
export const raisedLimits = (principal: Principal, before: MailServer, after: MailServer): Problem | null => {
  if (mayAdminister(principal)) return null;
  const [from, to] = [limitsOf(before), limitsOf(after)];
  const raised = (["perMinute", "perDay"] as const).filter((name) => to[name] > from[name]);
  return forbidden(raised.map((name) => fieldProblem(jsonPointer(["limits", name]), "lower_only")));
};
