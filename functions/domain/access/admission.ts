import { sameMailbox } from "../address.ts";
import type { EnvironmentSettings, Settings } from "../settings/settings.ts";
import type { Principal } from "./records.ts";

/** Does a list of addresses and `@domain`s name this address? `@example.com` does not cover subdomains. Case does not count. */
export const namesAddress = (list: readonly string[], email: string): boolean => {
  const folded = email.toLowerCase();
  const domain = folded.slice(folded.lastIndexOf("@"));
  return list.some((entry) => {
    const wanted = entry.toLowerCase();
    return sameMailbox(wanted, folded) || (wanted.startsWith("@") && wanted === domain);
  });
};

/** What a person with that proven address is here. Decided anew at every request: a list that changes counts at once. */
export const admit = (
  email: string,
  settings: Settings,
  environment: EnvironmentSettings,
): Extract<Principal, { readonly kind: "operator" | "member" }> | null => {
  if (namesAddress(environment.operators, email) || namesAddress(settings.operators, email)) {
    return { kind: "operator", email };
  }
  return namesAddress(settings.members, email) ? { kind: "member", email } : null;
};
