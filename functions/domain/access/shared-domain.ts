import { isConsumerDomain, isServiceAccountDomain } from "../address.ts";

/** Is this domain (ASCII, without @) a public suffix such as `co.uk` or `github.io`, under which anyone may have a name? */
export type IsPublicSuffix = (domain: string) => boolean;

/** The Public Suffix List is 140 kB of code, so it is loaded only where a list of people holds a domain that must be judged. */
export const loadPublicSuffixes = async (): Promise<IsPublicSuffix> =>
  (await import("./public-suffix.ts")).isPublicSuffix;

/** Of one project: `<project>.iam.gserviceaccount.com`. The other domains, and `gcp-sa-…`, hold accounts of every project at Google. */
const OWN_SERVICE_ACCOUNTS = /^(?!gcp-sa-)[^.]+(\.[^.]+)*\.iam\.gserviceaccount\.com$/;

/** Would this entry (a folded `@domain`) let in people whom nobody meant? */
export const isSharedDomain = (entry: string, isPublicSuffix: IsPublicSuffix): boolean => {
  if (isServiceAccountDomain(entry)) return !OWN_SERVICE_ACCOUNTS.test(entry.slice(1));
  return isConsumerDomain(entry) || isPublicSuffix(entry.slice(1));
};
