import type { Versioned } from "../records.ts";
import type { MailServer } from "./mail-server.ts";
import { etagOf } from "./mail-server-view.ts";

/**
 * Whether the header `If-Match` lets a server be written to as it stands (RFC 9110 §13.1.1): a list of quoted tags, or `*`; a weak tag never
 * matches. Taken too as it stands in the body, without quotes. Null: there is no such header.
 */
export const ifMatches = (ifMatch: string | null, server: Versioned<MailServer>): boolean => {
  if (ifMatch === null || ifMatch.trim() === "*") return true;
  const etag = etagOf(server);
  return ifMatch.split(",").some((tag) => [`"${etag}"`, etag].includes(tag.trim()));
};
