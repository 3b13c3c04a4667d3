import * as z from "zod";
import { parseAddress, parseAddressOrDomain } from "./address.ts";
import { says } from "./field-problems.ts";

/** An address, folded. */
export const address = z.string(says("not_address")).transform((text, context) => {
  const folded = parseAddress(text);
  if (folded === null) context.addIssue(says("not_address"));
  return folded ?? z.NEVER;
});

/** An address or `@domain`, folded. */
const addressOrDomain = z.string(says("not_address_or_domain")).transform((text, context) => {
  const folded = parseAddressOrDomain(text);
  if (folded === null) context.addIssue(says("not_address_or_domain"));
  return folded ?? z.NEVER;
});

/** Folded, each once, in the order given. */
export const addressList = (most: number) =>
  z
    .array(addressOrDomain)
    .max(most)
    .transform((entries) => [...new Set(entries)]);

/** As `addressList`, without domains, and of one at least. */
export const addressesOnly = (most: number) =>
  z
    .array(address)
    .min(1, says("no_address"))
    .max(most)
    .transform((entries) => [...new Set(entries)]);
