// Named imports alone: as a chunk that is imported when needed, the bundled package has none.
import { getPublicSuffix } from "tldts";
import type { IsPublicSuffix } from "./shared-domain.ts";

/** By the Public Suffix List (publicsuffix.org), its private part too. */
export const isPublicSuffix: IsPublicSuffix = (domain) =>
  getPublicSuffix(domain, { allowPrivateDomains: true }) === domain;
