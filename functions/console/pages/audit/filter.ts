import { AUDIT_ACTIONS } from "../../../domain/access/audit-actions.ts";
import type { AuditFilter } from "../../api/types.ts";
import { type Days, dayIn, periodOf } from "../../i18n/days.ts";

/** What the audit is narrowed by, as the address bar says it; empty: not at all. */
export interface Filter extends Days {
  /** As an entry names them: an address, `key:<id>`, `setup-token`. */
  readonly actor: string;
  readonly action: string;
  /** An id, an address, or `settings`. */
  readonly target: string;
}

export const NO_FILTER: Filter = { actor: "", action: "", target: "", from: "", until: "" };

/** Links may be old or typed by hand, so an unknown action filters nothing. */
export const filterIn = (query: Readonly<Record<string, string | undefined>>): Filter => ({
  actor: (query.actor ?? "").trim(),
  action: AUDIT_ACTIONS.find((action) => action === query.action) ?? "",
  target: (query.target ?? "").trim(),
  from: dayIn(query.from),
  until: dayIn(query.until),
});

export const filterPath = (filter: Partial<Filter>): string => {
  const search = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));
  return search.size === 0 ? "/audit" : `/audit?${search}`;
};

export const countNarrowing = (filter: Filter): number => Object.values(filter).filter((value) => value !== "").length;

/** The same as parameters of `GET /v1/audit`; an empty one is left out on the way. */
export const queryOf = ({ actor, action, target, ...days }: Filter): AuditFilter => ({
  actor,
  action,
  target,
  ...periodOf(days),
});
