import { parseAddress, sameMailbox } from "../address.ts";
import { fieldProblem } from "../field-problems.ts";
import { invalidRequest, type Problem } from "../problem.ts";
import { sha256Hex } from "../sha256.ts";
import type { MailServer } from "./mail-server.ts";

/** Folds names that differ only in case, spaces or the Unicode form of accents to the same text. */
export const foldServerName = (name: string): string =>
  name.normalize("NFKC").trim().replaceAll(/\s+/gu, " ").toLowerCase();

/** The id of a name's reservation in `serverNames`. */
export const serverNameId = (name: string): string => sha256Hex(foldServerName(name));

/** Callers refer to a server by id, name or username, so a name must not look like the id of a deleted server. */
export const looksLikeId = (name: string): boolean => foldServerName(name).startsWith("srv_");

type Names = Pick<MailServer, "name" | "username">;

/**
 * Refuses a new name that is another server's address, since mail meant for that server would go through this one.
 * `before` is null for a new server. A name that does not change is not checked.
 */
export const refuseMisleadingName = (before: Names | null, after: Names): Problem | null => {
  const kept = before !== null && foldServerName(before.name) === foldServerName(after.name);
  const address = kept ? null : parseAddress(foldServerName(after.name));
  if (address === null || sameMailbox(address, after.username)) return null;
  return invalidRequest(fieldProblem("/name", "name_of_another"));
};
