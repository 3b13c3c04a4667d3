import * as z from "zod";
import { parseAddress, parseAddressOrDomain } from "./address.ts";

/** An address, folded. */
export const address = z.string("must be an address").transform((text, context) => {
  const folded = parseAddress(text);
  if (folded === null) context.addIssue("must be an address like ada@example.com");
  return folded ?? z.NEVER;
});

/** An address or `@domain`, folded. */
const addressOrDomain = z.string("must be an address or @domain").transform((text, context) => {
  const folded = parseAddressOrDomain(text);
  if (folded === null) context.addIssue("must be an address like ada@example.com or a domain like @example.com");
  return folded ?? z.NEVER;
});

/** Folded, each once, in the order given. */
export const addressList = (most: number) =>
  z
    .array(addressOrDomain, "must be a list of addresses and @domains")
    .max(most, `must have at most ${most} entries`)
    .transform((entries) => [...new Set(entries)]);

/** As `addressList`, without domains, and of one at least. */
export const addressesOnly = (most: number) =>
  z
    .array(address, "must be a list of addresses")
    .min(1, "must have at least one address")
    .max(most, `must have at most ${most} entries`)
    .transform((entries) => [...new Set(entries)]);
