import { isDeepStrictEqual } from "node:util";
import { auditWrite } from "../access/audit.ts";
import { type Principal, principalName } from "../access/records.ts";
import { changeOnCondition } from "../change-on-condition.ts";
import { fieldProblem, parseWith } from "../field-problems.ts";
import { mergePatch } from "../merge-patch.ts";
import { changedMembers, type Members, patchMembers, unknownNames } from "../patch-members.ts";
import { invalidRequest } from "../problem.ts";
import type { Versioned, Write } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import { limitsFrom } from "./create-mail-server.ts";
import { ifMatches } from "./if-match.ts";
import { judgeConnection } from "./judge-connection.ts";
import { isShared, type MailServer } from "./mail-server.ts";
import { mailServerInput, READ_ONLY_MEMBERS } from "./mail-server-input.ts";
import { editableView } from "./mail-server-view.ts";
import { forbiddenMembers, raisedLimits } from "./member-rights.ts";
import { freeName, takeName } from "./names.ts";
import { type ServerDeps, saveServer } from "./save-server.ts";
import { visibleServer } from "./server-access.ts";
import { misleadingName, serverNameId } from "./server-name.ts";
import { isUnderstoodServer, withConnection } from "./understood.ts";

export interface Edit {
  readonly id: string;
  /** A merge patch (RFC 7396) over what `mailServerInput` names. */
  readonly patch: unknown;
  /** The header `If-Match` as it came; null: whatever stands now. */
  readonly ifMatch: string | null;
}

const isReadOnly = (name: string): boolean => READ_ONLY_MEMBERS.some((member) => member === name);

const checkNames = (principal: Principal, patch: unknown): Result<Members> => {
  const members = patchMembers(patch);
  if (!members.ok) return members;
  const closed = forbiddenMembers(principal, Object.keys(members.value));
  if (closed !== null) return fail(closed);
  const limits = patchMembers(members.value.limits);
  const wrong = [
    ...unknownNames(members.value, mailServerInput.shape).map((problem) =>
      isReadOnly(problem.path.slice(1)) ? fieldProblem(problem.path, "read_only") : problem,
    ),
    ...(limits.ok ? unknownNames(limits.value, { perMinute: true, perDay: true }, ["limits"]) : []),
  ];
  return wrong.length > 0 ? fail(invalidRequest(...wrong)) : members;
};

/** New limits beside what a later release wrote to the old ones. */
const keeping = (before: MailServer["limits"], limits: MailServer["limits"]): MailServer["limits"] =>
  limits === null ? null : { ...before, ...limits };

/** The server as the patch leaves it; the very same object where the patch changes nothing. */
const patched = (server: MailServer, patch: Members, nowMs: number): Result<MailServer> => {
  const input = parseWith(mailServerInput, mergePatch(editableView(server), patch));
  if (!input.ok) return input;
  const { authentication: _, limits, ...settings } = input.value;
  const before = { ...server, shared: isShared(server) };
  const edited = { ...before, ...settings };
  const connection = judgeConnection(edited, nowMs);
  const next: MailServer = {
    ...withConnection(edited, connection),
    limits: Object.hasOwn(patch, "limits") ? keeping(server.limits, limitsFrom(limits, edited)) : server.limits,
    // A connection that was judged anew is proven at the next tick.
    nextCheckAtMs: connection === server.connection ? server.nextCheckAtMs : nowMs,
  };
  return ok(isDeepStrictEqual(next, before) ? server : { ...next, updatedAtMs: nowMs });
};

/** After the server's own. */
const NAME_WRITE = 1;

/** Null: the new name is taken. */
const nameWrites = async (
  deps: ServerDeps,
  principal: Principal,
  { before, value }: { readonly before: Versioned<MailServer>; readonly value: MailServer },
): Promise<Write[] | null> => {
  const { id } = before;
  if (serverNameId(before.value.name) === serverNameId(value.name)) return [];
  const taken = await takeName(deps.records, principal, { serverId: id, name: value.name });
  return taken === null ? null : [taken, await freeName(deps.records, { serverId: id, name: before.value.name })];
};

/**
 * Applies a merge patch. `not_found`, `invalid_request`; `stale` when `If-Match` names another state; `name_taken`; `forbidden`, with the fields, to a
 * member who writes more than `OPEN_TO_MEMBERS` or raises a limit; without `If-Match`, patches at once are applied one after the other.
 *
 * `newer_version` for a server that a later release wrote in a way that this one does not understand.
 *
 * A connected server whose `username` or `transport` no longer fits its grant keeps the grant and goes to `error`: see `judgeConnection`.
 * Throws `Contended`, `Unavailable`.
 */
export const editMailServer = async (
  deps: ServerDeps,
  principal: Principal,
  edit: Edit,
): Promise<Result<Versioned<MailServer>>> => {
  const patch = checkNames(principal, edit.patch);
  return changeOnCondition<Result<Versioned<MailServer>>>(deps, "edit a mail server", async () => {
    const before = await visibleServer(deps.records, principal, edit.id);
    if (!before.ok) return before;
    if (!patch.ok) return patch;
    if (!ifMatches(edit.ifMatch, before.value)) return fail({ code: "stale" });
    if (!isUnderstoodServer(before.value.value)) return fail({ code: "newer_version" });
    const after = patched(before.value.value, patch.value, deps.clock.nowMs());
    if (!after.ok) return after;
    const { value } = before.value;
    if (after.value === value) return before;
    const problem = raisedLimits(principal, value, after.value) ?? misleadingName(value, after.value);
    if (problem !== null) return fail(problem);
    const names = await nameWrites(deps, principal, { before: before.value, value: after.value });
    if (names === null) return fail({ code: "name_taken" });
    const audit = auditWrite(deps, {
      actor: principalName(principal),
      action: "mail_server.update",
      target: edit.id,
      detail: { changed: changedMembers(editableView(value), editableView(after.value)) },
    });
    const outcome = await saveServer(deps, before.value, { value: after.value, also: [...names, audit] });
    if (outcome.done) return ok({ id: edit.id, value: after.value, version: outcome.versions[0] ?? "" });
    return outcome.at === NAME_WRITE ? fail({ code: "name_taken" }) : "contended";
  });
};
