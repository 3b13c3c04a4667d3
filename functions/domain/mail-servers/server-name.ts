import { createHash } from "node:crypto";

/** Names that differ only in case, in the form of their accents or in spaces are one name. */
export const foldServerName = (name: string): string =>
  name.normalize("NFKC").trim().replaceAll(/\s+/gu, " ").toLowerCase();

/** The id under which a name is reserved in `serverNames`: SHA-256 of the folded name, hex. */
export const serverNameId = (name: string): string => createHash("sha256").update(foldServerName(name)).digest("hex");
