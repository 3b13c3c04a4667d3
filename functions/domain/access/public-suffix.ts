// Named imports alone: as a chunk that is imported when needed, the bundled package has none.
import { getPublicSuffix } from "tldts";

/** By the Public Suffix List (publicsuffix.org), its private part too. */
export const isPublicSuffix = (domain: string): boolean =>
  getPublicSuffix(domain, { allowPrivateDomains: true }) === domain;
