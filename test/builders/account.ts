import { domainEntry, isConsumerDomain } from "../../functions/domain/address.ts";

/** An address with its Workspace domain as Google names it: the address's own domain, or none for consumer accounts. */
export const accountOf = (email: string): { readonly email: string; readonly hostedDomain: string | null } => {
  const domain = domainEntry(email);
  return { email, hostedDomain: isConsumerDomain(domain) ? null : domain.slice(1) };
};
