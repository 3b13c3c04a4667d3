import type { Versioned } from "../records.ts";
import type { MailServer } from "./mail-server.ts";
import { etagOf } from "./mail-server-view.ts";

/**
 * Whether the header `If-Match` (RFC 9110 §13.1.1) allows a write to the server: a list of quoted tags, or `*`. A weak
 * tag never matches. A tag without quotes, as in a response body, is accepted too. Null means that there is no header.
 */
export const ifMatches = (ifMatch: string | null, server: Versioned<MailServer>): boolean => {
  if (ifMatch === null || ifMatch.trim() === "*") return true;
  const etag = etagOf(server);
  return ifMatch.split(",").some((tag) => [`"${etag}"`, etag].includes(tag.trim()));
};
