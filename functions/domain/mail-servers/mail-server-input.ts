import * as z from "zod";
import { address, addressList } from "../address-input.ts";
import { line } from "../text-input.ts";

const name = line(100)
  .min(1, "must not be empty")
  .refine((text) => !text.startsWith("srv_"), "must not look like an id");

const count = (most: number) =>
  z.int("must be a whole number").min(1, "must be at least 1").max(most, `must be at most ${most}`);

/**
 * A mail server as callers write it, whole: the body of a creation, and what a merge patch must leave behind. A member that may be absent
 * has a default; under RFC 7396 null removes a member, so it resets one with a default and is refused for `name` and `username`.
 * `limits` and its members absent: those of the account's kind.
 */
export const mailServerInput = z.strictObject({
  name,
  description: line(500).default(""),
  username: address,
  authentication: z.literal("gmail_oauth", 'must be "gmail_oauth"').default("gmail_oauth"),
  transport: z.enum(["smtp", "gmail_api"], 'must be "smtp" or "gmail_api"').default("smtp"),
  fromFilter: addressList(200).default([]),
  priority: z
    .int("must be a whole number")
    .min(0, "must be at least 0")
    .max(10_000, "must be at most 10000")
    .default(10),
  active: z.boolean("must be true or false").default(true),
  limits: z
    .strictObject({ perMinute: count(10_000).optional(), perDay: count(1_000_000).optional() }, "must be an object")
    .nullish(),
  sendAsUnchecked: z.boolean("must be true or false").default(false),
});
export type MailServerInput = z.output<typeof mailServerInput>;

/** Members of the representation that only Relais writes. */
export const READ_ONLY_MEMBERS = ["id", "connection", "createdAt", "updatedAt", "etag"] as const;
