import { foldAddress } from "./mailbox.ts";
import type { MessageBody, MessageFacts, Recipient, RecipientKind } from "./message.ts";

type AddressFields = Pick<MessageBody, "to" | "cc" | "bcc">;

/** An address that stands in several fields counts for the most visible of them. */
const BY_VISIBILITY = ["to", "cc", "bcc"] as const satisfies readonly RecipientKind[];

/** Maps an address to the field that names it, or to `to` if none does. */
export const kindsIn = (fields: AddressFields): ((address: string) => RecipientKind) => {
  const kinds = new Map<string, RecipientKind>();
  for (const kind of BY_VISIBILITY.toReversed()) {
    for (const { address } of fields[kind]) kinds.set(foldAddress(address), kind);
  }
  return (address) => kinds.get(foldAddress(address)) ?? "to";
};

const NO_FIELDS: AddressFields = { to: [], cc: [], bcc: [] };

const inlineFields = ({ body }: MessageFacts): AddressFields =>
  body.kind === "inline" ? { ...NO_FIELDS, ...JSON.parse(body.json) } : NO_FIELDS;

/** Reads each recipient's kind. For records of earlier releases an inline body tells it; without one it is `to`. */
export const recipientKinds = (message: MessageFacts): readonly RecipientKind[] => {
  const { recipients } = message;
  const known = recipients.map(({ kind }) => kind);
  if (known.every((kind) => kind !== undefined)) return known;
  const kindOf = kindsIn(inlineFields(message));
  return recipients.map(({ address, kind }) => kind ?? kindOf(address));
};

/** Adds the recipients' kinds, which only the body of an older message tells, before that body is erased. */
export const withKinds = (message: MessageFacts, recipients: readonly Recipient[]): readonly Recipient[] => {
  if (message.body.kind !== "inline") return recipients;
  const kinds = recipientKinds({ ...message, recipients });
  return recipients.map((recipient, at) => ({ ...recipient, kind: recipient.kind ?? kinds[at] }));
};
