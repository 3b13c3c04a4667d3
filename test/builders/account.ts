import { domainEntry, isConsumerDomain } from "../../functions/domain/address.ts";

/** An address with the Workspace that Google names for it: its own domain, none for a consumer's. */
export const accountOf = (email: string): { readonly email: string; readonly hostedDomain: string | null } => {
  const domain = domainEntry(email);
  return { email, hostedDomain: isConsumerDomain(domain) ? null : domain.slice(1) };
};
