import * as z from "zod";
import { says } from "../../field-problems.ts";
import type { CalendarEvent } from "../message.ts";
import { decodedLine } from "../one-line.ts";
import { decodedLength } from "./attachment-input.ts";
import { bounded } from "./bounded-input.ts";

/** The methods of RFC 5546 §1.4. */
const METHODS = ["PUBLISH", "REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER"];
const BAD_METHOD = says("not_one_of", { values: METHODS.join(", ") });
const LONGEST_FILENAME = 255;

const inContent = z.never(says("calendar_never_fetched")).optional();

const decoders: Readonly<Record<string, (text: string) => Buffer | null>> = {
  utf8: (text) => (text.isWellFormed() ? Buffer.from(text) : null),
  base64: (text) => (decodedLength(text.replaceAll(/\s/g, "")) === null ? null : Buffer.from(text, "base64")),
  hex: (text) => (text.length % 2 === 0 && !/[^0-9a-f]/i.test(text) ? Buffer.from(text, "hex") : null),
};

const decode = (content: string, encoding: string): string | null => {
  const bytes = decoders[encoding]?.(content) ?? null;
  try {
    return bytes === null ? null : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
};

/** Reads the calendar's METHOD (RFC 5545 §3.7.2), which the part must repeat (RFC 6047 §2.4). */
const readMethod = (content: string): string => {
  const method = /^METHOD:([A-Z]{1,20})\r?$/im.exec(content)?.[1]?.toUpperCase() ?? "";
  return METHODS.includes(method) ? method : "PUBLISH";
};

const event = z
  .strictObject({
    path: inContent,
    href: inContent,
    raw: inContent,
    method: z
      .string()
      .transform((text) => text.trim().toUpperCase())
      .refine((text) => METHODS.includes(text), BAD_METHOD)
      .optional(),
    content: z.string().min(1),
    encoding: z
      .string()
      .transform((text) => text.toLowerCase().replace(/[-_\s]/g, ""))
      .refine((text) => Object.hasOwn(decoders, text), says("not_one_of", { values: "utf-8, base64, hex" }))
      .optional(),
    filename: z.union([z.literal(false), decodedLine(LONGEST_FILENAME)]).optional(),
  })
  .transform(({ method, content, encoding = "utf8", filename }, ctx): CalendarEvent => {
    const text = decode(content, encoding);
    if (text === null) {
      ctx.issues.push({
        code: "custom",
        input: content,
        path: ["content"],
        message: says("not_in_encoding", { encoding }),
      });
      return z.NEVER;
    }
    return { method: method ?? readMethod(text), content: text, filename: (filename || "").trim() || "invite.ics" };
  });

/** `icalEvent` in nodemailer's forms: the calendar's text alone, or with its method and file name. */
export const calendarInput = z
  .transform((value: unknown) => (typeof value === "string" ? { content: value } : value))
  .pipe(bounded(event));
