import { isConsumerDomain, isServiceAccountDomain } from "../address.ts";

/** Whether a domain (ASCII, without @) is a public suffix such as `co.uk`, under which anyone may register a name. */
export type IsPublicSuffix = (domain: string) => boolean;

/** Loads the Public Suffix List on demand: it is 140 kB of code, and only needed to check a domain in a list. */
export const loadPublicSuffixes = async (): Promise<IsPublicSuffix> =>
  (await import("./public-suffix.ts")).isPublicSuffix;

/** A single project's `<project>.iam.gserviceaccount.com`. Other such domains, and `gcp-sa-…`, span all projects. */
const OWN_SERVICE_ACCOUNTS = /^(?!gcp-sa-)[^.]+(\.[^.]+)*\.iam\.gserviceaccount\.com$/;

/** Whether an entry (a folded `@domain`) would let in strangers, because many share the domain. */
export const isSharedDomain = (entry: string, isPublicSuffix: IsPublicSuffix): boolean => {
  if (isServiceAccountDomain(entry)) return !OWN_SERVICE_ACCOUNTS.test(entry.slice(1));
  return isConsumerDomain(entry) || isPublicSuffix(entry.slice(1));
};
