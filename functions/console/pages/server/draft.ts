import { type Transport, traitsOf } from "../../../domain/transport.ts";
import type { MailServer, MailServerPatch, NewMailServer } from "../../api/types.ts";

/** A mail server as the form holds it: text as typed. */
export interface ServerDraft {
  readonly name: string;
  readonly username: string;
  readonly transport: Transport;
  readonly description: string;
  /** One address or `@domain` per line. */
  readonly fromFilter: string;
  readonly priority: string;
  readonly shared: boolean;
  /** Empty means the default for the kind of account. */
  readonly perMinute: string;
  readonly perDay: string;
  readonly sendAsUnchecked: boolean;
}

export const EMPTY_DRAFT: ServerDraft = {
  name: "",
  username: "",
  transport: "smtp",
  description: "",
  fromFilter: "",
  priority: "",
  shared: true,
  perMinute: "",
  perDay: "",
  sendAsUnchecked: false,
};

export const draftOf = (server: MailServer): ServerDraft => ({
  name: server.name,
  username: server.username,
  transport: server.transport,
  description: server.description,
  fromFilter: server.fromFilter.join("\n"),
  priority: String(server.priority),
  shared: server.shared,
  perMinute: server.limits === null ? "" : String(server.limits.perMinute),
  perDay: server.limits === null ? "" : String(server.limits.perDay),
  sendAsUnchecked: server.sendAsUnchecked,
});

/** The form after a save: as it was stored, and what has been typed since it was submitted. */
export const afterSave = (stored: ServerDraft, submitted: ServerDraft, now: ServerDraft): ServerDraft => ({
  ...stored,
  ...Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== Reflect.get(submitted, name))),
});

/** Lines, commas and blanks all separate entries: people paste from anywhere. */
export const entriesOf = (text: string): string[] => text.split(/[\s,;]+/).filter((entry) => entry !== "");

/** The form's number inputs accept only numbers; the API reports a fraction at its field. */
const numberOf = (text: string): number => Number(text);

const limitsIn = (draft: ServerDraft) => {
  const limits = {
    ...(draft.perMinute.trim() !== "" && { perMinute: numberOf(draft.perMinute) }),
    ...(draft.perDay.trim() !== "" && { perDay: numberOf(draft.perDay) }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
};

/** Leaves empty fields out, so that the API's defaults apply. */
export const creationOf = (draft: ServerDraft): NewMailServer => {
  const limits = limitsIn(draft);
  const fromFilter = entriesOf(draft.fromFilter);
  return {
    name: draft.name.trim(),
    username: draft.username.trim(),
    transport: draft.transport,
    ...(draft.description.trim() !== "" && { description: draft.description.trim() }),
    ...(fromFilter.length > 0 && { fromFilter }),
    ...(draft.priority.trim() !== "" && { priority: numberOf(draft.priority) }),
    ...(!draft.shared && { shared: false }),
    ...(limits !== undefined && { limits }),
    ...(traitsOf(draft.transport).vouching && draft.sendAsUnchecked && { sendAsUnchecked: true }),
  };
};

/** A merge patch of what changed, so that it does not undo another person's change to another field. */
export const patchOf = (before: ServerDraft, after: ServerDraft): MailServerPatch => ({
  ...(after.name.trim() !== before.name && { name: after.name.trim() }),
  ...(after.username.trim() !== before.username && { username: after.username.trim() }),
  ...(after.transport !== before.transport && { transport: after.transport }),
  ...(after.description.trim() !== before.description && { description: after.description.trim() }),
  ...(after.fromFilter !== before.fromFilter && { fromFilter: entriesOf(after.fromFilter) }),
  ...(after.priority !== before.priority && {
    priority: after.priority.trim() === "" ? null : numberOf(after.priority),
  }),
  ...(after.shared !== before.shared && { shared: after.shared }),
  ...((after.perMinute !== before.perMinute || after.perDay !== before.perDay) && { limits: limitsIn(after) ?? null }),
  ...(after.sendAsUnchecked !== before.sendAsUnchecked && { sendAsUnchecked: after.sendAsUnchecked }),
});
