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
import { isShared, type MailServer } from "./mail-server.ts";
import { mailServerInput, READ_ONLY_MEMBERS } from "./mail-server-input.ts";
import { editableView } from "./mail-server-view.ts";
import { forbiddenMembers, raisedLimits } from "./member-rights.ts";
import { freeName, takeName } from "./names.ts";
import { reassessChange } from "./reassess-connection.ts";
import { type ServerDeps, saveServer } from "./save-server.ts";
import { visibleServer } from "./server-access.ts";
import { refuseMisleadingName, serverNameId } from "./server-name.ts";
import { isUnderstoodServer, withConnection } from "./understood.ts";

export interface Edit {
  readonly id: string;
  /** A merge patch (RFC 7396) of a `mailServerInput`. */
  readonly patch: unknown;
  /** The header `If-Match`; null applies the patch to whatever is stored. */
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

/** Replaces the limits, but keeps members that a later release has added to the old ones. */
const replaceLimits = (before: MailServer["limits"], limits: MailServer["limits"]): MailServer["limits"] =>
  limits === null ? null : { ...before, ...limits };

/** Applies a patch to a server; returns the same object if nothing changes. */
const applyPatch = (server: MailServer, patch: Members, nowMs: number): Result<MailServer> => {
  const input = parseWith(mailServerInput, mergePatch(editableView(server), patch));
  if (!input.ok) return input;
  const { authentication: _, limits, ...settings } = input.value;
  const before = { ...server, shared: isShared(server) };
  const edited = { ...before, ...settings };
  const connection = reassessChange(server, edited, nowMs);
  const next: MailServer = {
    ...withConnection(edited, connection),
    limits: Object.hasOwn(patch, "limits") ? replaceLimits(server.limits, limitsFrom(limits, edited)) : server.limits,
    // The next tick verifies a connection that has been reassessed.
    nextCheckAtMs: connection === server.connection ? server.nextCheckAtMs : nowMs,
  };
  return ok(isDeepStrictEqual(next, before) ? server : { ...next, updatedAtMs: nowMs });
};

/** The position of the name's write in the commit, after the server's own. */
const NAME_WRITE = 1;

/** The writes that change the name, if it differs; null if the new name is taken. */
const renameWrites = async (
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
 * Applies a merge patch; without `If-Match`, concurrent patches are applied one after the other. `not_found`;
 * `invalid_request`; `stale` if `If-Match` does not match; `name_taken`; `forbidden`, with the fields, to a member who
 * writes more than `OPEN_TO_MEMBERS` or raises a limit; `newer_version` if this release does not understand the record.
 * Throws `Contended`, `Unavailable`.
 *
 * If `username` or `transport` no longer matches the grant, the server keeps the grant and moves to `error`: see
 * `reassessChange`.
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
    const after = applyPatch(before.value.value, patch.value, deps.clock.nowMs());
    if (!after.ok) return after;
    const { value } = before.value;
    if (after.value === value) return before;
    const problem = raisedLimits(principal, value, after.value) ?? refuseMisleadingName(value, after.value);
    if (problem !== null) return fail(problem);
    const names = await renameWrites(deps, principal, { before: before.value, value: after.value });
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
