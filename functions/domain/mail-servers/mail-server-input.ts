import * as z from "zod";
import { address, addressList } from "../address-input.ts";
import { says } from "../field-problems.ts";
import { line } from "../text-input.ts";
import { TRANSPORT_NAMES } from "../transport.ts";
import { looksLikeId } from "./server-name.ts";

const name = line(100)
  .min(1)
  .refine((text) => !looksLikeId(text), says("name_like_id"));

const count = (most: number) => z.int().min(1).max(most);

/**
 * A complete mail server as callers write it: the body of a creation, and the result of a merge patch. Null in a patch
 * removes a member, so it resets one that has a default, and is refused for `name` and `username`. Absent limits
 * default to those of the account's kind.
 */
export const mailServerInput = z.strictObject({
  name,
  description: line(500).default(""),
  username: address,
  authentication: z.literal("gmail_oauth").default("gmail_oauth"),
  transport: z.enum(TRANSPORT_NAMES).default("smtp"),
  fromFilter: addressList(200).default([]),
  priority: z.int().min(0).max(10_000).default(10),
  active: z.boolean().default(true),
  shared: z.boolean().default(true),
  limits: z.strictObject({ perMinute: count(10_000).optional(), perDay: count(1_000_000).optional() }).nullish(),
  sendAsUnchecked: z.boolean().default(false),
});
export type MailServerInput = z.output<typeof mailServerInput>;

/** Members may change these of their own server, but only lower `limits`. The rest could redirect others' mail. */
export const OPEN_TO_MEMBERS: readonly string[] = ["name", "description", "active", "limits"];

/** Members of the representation that only Relais writes. */
export const READ_ONLY_MEMBERS = ["id", "connection", "createdAt", "updatedAt", "etag"] as const;
