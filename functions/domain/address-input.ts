import * as z from "zod";
import { parseAddress, parseAddressOrDomain } from "./address.ts";
import { says } from "./field-problems.ts";

/** Parses an address and folds it (`parseAddress`). */
export const address = z.string(says("not_address")).transform((text, context) => {
  const folded = parseAddress(text);
  if (folded === null) context.addIssue(says("not_address"));
  return folded ?? z.NEVER;
});

/** Parses an address or an `@domain` and folds it. */
const addressOrDomain = z.string(says("not_address_or_domain")).transform((text, context) => {
  const folded = parseAddressOrDomain(text);
  if (folded === null) context.addIssue(says("not_address_or_domain"));
  return folded ?? z.NEVER;
});

/** Addresses and `@domain`s, folded, without duplicates, in the order given. */
export const addressList = (most: number) =>
  z
    .array(addressOrDomain)
    .max(most)
    .transform((entries) => [...new Set(entries)]);

/** Like `addressList`, but takes no domains and needs at least one entry. */
export const addressesOnly = (most: number) =>
  z
    .array(address)
    .min(1, says("no_address"))
    .max(most)
    .transform((entries) => [...new Set(entries)]);
