// The entry point of the package: what `import … from "relais-client"` finds.
export type { InvalidField, MailServer, Message, MessageReceipt, ProblemCode, Session } from "./api-types.ts";
export type { BatchItem, BatchResult } from "./batch.ts";
export type { Listing, Page } from "./listing.ts";
export type { MessageFilter, RawOptions, Resolution, SendOptions } from "./messages.ts";
export type {
  Attachment,
  CalendarEvent,
  ComposedMessage,
  DeliveryOptions,
  DryRun,
  Mailbox,
  Mailboxes,
  NewMessage,
  RawMessage,
  SentMessage,
} from "./new-message.ts";
export { type MailServerFilter, Relais, type RelaisOptions } from "./relais.ts";
export {
  type ConnectionErrorCode,
  type Outcome,
  type ProblemBody,
  RelaisConnectionError,
  RelaisError,
  RelaisProblem,
} from "./relais-error.ts";
export type { CallOptions } from "./requests.ts";
