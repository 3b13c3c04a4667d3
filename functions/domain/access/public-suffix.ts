// Import only by name: the bundled package has no default export in a chunk that is loaded on demand.
import { getPublicSuffix } from "tldts";

/** Looks a domain up in the Public Suffix List (publicsuffix.org), including its private part. */
export const isPublicSuffix = (domain: string): boolean =>
  getPublicSuffix(domain, { allowPrivateDomains: true }) === domain;
