import { parseAddress, sameMailbox } from "../address.ts";
import { fieldProblem } from "../field-problems.ts";
import { invalidRequest, type Problem } from "../problem.ts";
import { sha256Hex } from "../sha256.ts";
import type { MailServer } from "./mail-server.ts";

/** Names that differ only in case, in the form of their accents or in spaces are one name. */
export const foldServerName = (name: string): string =>
  name.normalize("NFKC").trim().replaceAll(/\s+/gu, " ").toLowerCase();

/** The id under which a name is reserved in `serverNames`: SHA-256 of the folded name, hex. */
export const serverNameId = (name: string): string => sha256Hex(foldServerName(name));

/** Callers name a server by id, name or username: a name in the form of an id would stand for a server that is gone. */
export const looksLikeId = (name: string): boolean => foldServerName(name).startsWith("srv_");

type Named = Pick<MailServer, "name" | "username">;

/**
 * A new name in the form of an address must be the server's own: otherwise mail meant for the server of that address would go through this one.
 * `before`: null for a new server. A name that stands already is left alone.
 */
export const misleadingName = (before: Named | null, after: Named): Problem | null => {
  const kept = before !== null && foldServerName(before.name) === foldServerName(after.name);
  const address = kept ? null : parseAddress(foldServerName(after.name));
  if (address === null || sameMailbox(address, after.username)) return null;
  return invalidRequest(fieldProblem("/name", "name_of_another"));
};
