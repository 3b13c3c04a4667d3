import type { Records } from "../records.ts";
import { encodeMailbox } from "./accept/header-value.ts";
import { readBody, readRaw } from "./body-store.ts";
import { isRaw, type Message, type MissingField, type RawBody } from "./message.ts";
import type { ComposeMime } from "./ports.ts";

interface ReadDeps {
  readonly records: Records;
}

/** The Date of a mail: its first attempt, so that every attempt sends the same bytes. */
export const mailDate = ({ firstTriedAtMs, createdAtMs }: Message): Date => new Date(firstTriedAtMs ?? createdAtMs);

/** The fields that a composed mail lacks, as lines to put in front of it. */
const missingFields = (message: Message, { missing }: RawBody): Buffer => {
  const values: Readonly<Record<MissingField, string>> = {
    Date: mailDate(message).toUTCString().replace("GMT", "+0000"),
    "Message-ID": message.messageId,
    From: encodeMailbox({ name: "", address: message.from }),
  };
  return Buffer.from(missing.map((name) => `${name}: ${values[name]}\r\n`).join(""));
};

/** Reads a mail that its caller has composed, as it goes out. Throws like `readBody`. */
export const readComposedMail = (deps: ReadDeps, message: Message, body: RawBody): Promise<Buffer> =>
  readRaw(deps, body, missingFields(message, body));

/** Reads the mail as it goes out, or would; null once its body is erased. Throws like `readBody`. */
export const readMailBytes = async (
  deps: ReadDeps & { readonly composeMime: ComposeMime },
  message: Message,
): Promise<Buffer | null> => {
  if (isRaw(message.body)) return readComposedMail(deps, message, message.body);
  const body = await readBody(deps, message);
  return body === null
    ? null
    : deps.composeMime({ body, messageId: message.messageId, date: mailDate(message), sevenBit: false });
};
