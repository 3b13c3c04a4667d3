import { isDocumentId } from "../document-id.ts";
import { fieldProblem } from "../field-problems.ts";
import type { Log } from "../log.ts";
import { fail, ok, type Result } from "../result.ts";
import type { DocumentFault } from "./document-fault.ts";
import type { DocumentInput } from "./document-input.ts";
import type { DocumentSettings } from "./document-settings.ts";
import type { MailDocuments } from "./mail-documents.ts";

export interface Recipients {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
}

const LISTS = [
  ["to", "toUids"],
  ["cc", "ccUids"],
  ["bcc", "bccUids"],
] as const;

/** More than a mail may have recipients, so more is a mistake. */
const MOST_UIDS = 300;

interface UsersDeps {
  readonly documents: Pick<MailDocuments, "readMany">;
  readonly log: Log;
}

/** A name of a document, never a path to another collection's. */
const uidFaults = (input: DocumentInput) =>
  LISTS.flatMap(([, list]) => {
    const uids = input[list] ?? [];
    if (uids.length > MOST_UIDS) return [fieldProblem(`/${list}`, "too_many_entries", { most: MOST_UIDS })];
    return uids.flatMap((uid, at) => (isDocumentId(uid) ? [] : [fieldProblem(`/${list}/${at}`, "not_uid")]));
  });

/**
 * Adds to the addresses of a document those of the users that it names. A user without a document or an address is left
 * out, as by the extension; nobody at all is a fault. Throws `Unavailable`.
 */
export const findRecipients = async (
  { documents, log }: UsersDeps,
  { database, usersCollection }: DocumentSettings,
  input: DocumentInput,
): Promise<Result<Recipients, DocumentFault>> => {
  const faults = uidFaults(input);
  if (faults.length > 0) return fail({ code: "fields", fields: faults });
  const uids = [...new Set(LISTS.flatMap(([, list]) => input[list] ?? []))];
  if (uids.length > MOST_UIDS)
    return fail({ code: "fields", fields: [fieldProblem("/toUids", "too_many_entries", { most: MOST_UIDS })] });
  if (uids.length > 0 && usersCollection === null) return fail({ code: "users_not_configured" });
  const paths = uids.map((uid) => `${usersCollection}/${uid}`);
  const users = paths.length === 0 ? [] : await documents.readMany(database, paths, ["email"]);
  const emails = new Map(uids.map((uid, at) => [uid, users[at]?.email]));
  const addressOf = (uid: string): readonly string[] => {
    const email = emails.get(uid);
    return typeof email === "string" && email.trim() !== "" ? [email.trim()] : [];
  };
  const missing = uids.filter((uid) => addressOf(uid).length === 0).length;
  if (missing > 0) log.warn("document_users_missing", { count: missing });
  const [to = [], cc = [], bcc = []] = LISTS.map(([list, named]) => [
    ...new Set([...(input[list] ?? []), ...(input[named] ?? []).flatMap(addressOf)]),
  ]);
  return to.length + cc.length + bcc.length === 0 ? fail({ code: "no_recipients" }) : ok({ to, cc, bcc });
};
