import { listCovers } from "../../../domain/access/admission.ts";
import { domainEntry } from "../../../domain/address.ts";
import type { Settings } from "../../api/types.ts";
import { session } from "../../state/session-signal.ts";
import { entriesOf } from "../server/draft.ts";

export const LISTS = ["operators", "members", "callers"] as const;
export const POINTERS = [...LISTS.map((list) => `/${list}`), "/retentionDays"];

export type PeopleDraft = Readonly<Record<(typeof LISTS)[number] | "retentionDays", string>>;

export const draftOf = (settings: Settings): PeopleDraft => ({
  operators: settings.operators.join("\n"),
  members: settings.members.join("\n"),
  callers: settings.callers.join("\n"),
  retentionDays: String(settings.retentionDays),
});

/** The list as it is now, with what one person added and removed. Without another's change, it has their order. */
const withChange = (before: string, after: string, now: string): readonly string[] => {
  const [was, wanted] = [entriesOf(before), entriesOf(after)];
  if (now === before) return wanted;
  const kept = entriesOf(now).filter((entry) => wanted.includes(entry) || !was.includes(entry));
  return [...kept, ...wanted.filter((entry) => !was.includes(entry) && !kept.includes(entry))];
};

/** Sends only what was changed, of lists too, so that two people can change two things at once. */
export const patchOf = (before: PeopleDraft, after: PeopleDraft, now: PeopleDraft): Partial<Settings> => ({
  ...Object.fromEntries(
    LISTS.filter((list) => after[list] !== before[list]).map((list) => [
      list,
      withChange(before[list], after[list], now[list]),
    ]),
  ),
  ...(after.retentionDays !== before.retentionDays && { retentionDays: Number(after.retentionDays) }),
});

/** The address of the signed-in operator if this change would remove them from the list, else null. */
export const removedOperator = (before: PeopleDraft, after: PeopleDraft): string | null => {
  const state = session.value;
  if (state.kind !== "signed_in") return null;
  const { actor } = state.session;
  // A domain entry matches the person's Workspace domain; an alias in another domain does not show it.
  const account = { email: actor, hostedDomain: domainEntry(actor).slice(1) };
  const isOperatorIn = ({ operators }: PeopleDraft) => listCovers(entriesOf(operators), account);
  return isOperatorIn(before) && !isOperatorIn(after) ? actor : null;
};
