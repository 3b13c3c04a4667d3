import type { Principal } from "../access/records.ts";
import { changeOnCondition } from "../change-on-condition.ts";
import type { DocumentDelivery, DocumentTry } from "../document-delivery.ts";
import { type AcceptDeps, acceptMessage } from "../messages/accept/accept.ts";
import { identify } from "../messages/accept/idempotency.ts";
import { HTTP_SIZE_LIMIT } from "../messages/accept/message-input.ts";
import { documentDelivery } from "../messages/document-outcome.ts";
import type { Message } from "../messages/message.ts";
import { isFinal } from "../messages/statuses.ts";
import { isUnderstoodMessage } from "../messages/understood.ts";
import type { Versioned } from "../records.ts";
import { sha256Hex } from "../sha256.ts";
import { type ComposeDeps, composeRequest } from "./compose-request.ts";
import { deliveryChange, type Wish, wishOf } from "./delivery-field.ts";
import { type DocumentFault, faultText } from "./document-fault.ts";
import { isMail } from "./document-input.ts";
import { expiryOf } from "./document-settings.ts";
import type { DocumentAddress, MailDocument } from "./mail-documents.ts";
import { noteDelivery, writeDelivery } from "./note-delivery.ts";

export type TakeDeps = ComposeDeps & AcceptDeps;

/** `later`: accepting is not possible now, so the event must come again. `missing`: there is no such document. */
export type Taken = "done" | "later" | "missing";

const CALLER: Principal = { kind: "documents" };

/** One key for each try of each creation of each document, however often and in which order its events come. */
const keyOf = ({ database, path, createTime }: MailDocument, attempt: number): string =>
  sha256Hex(JSON.stringify([database, path, createTime, attempt]));

/** The message of a try, whether or not it was made from the document as it is now. */
const messageOf = (
  deps: TakeDeps,
  document: MailDocument,
  attempt: number,
): Promise<Versioned<Message> | undefined> => {
  const { id } = identify(deps.random, { principal: CALLER, key: keyOf(document, attempt), json: null });
  return deps.records.get("messages", id);
};

/** How many tries are looked for at once: as many in a row may have been refused and made no message. */
const TRIES_AT_ONCE = 10;

/**
 * The try that was made from this very version of the document, or else the last of those that became messages;
 * undefined if none has.
 */
const lastTry = async (deps: TakeDeps, document: MailDocument): Promise<Versioned<Message> | undefined> => {
  let last: Versioned<Message> | undefined;
  for (let first = 1; ; first += TRIES_AT_ONCE) {
    const attempts = Array.from({ length: TRIES_AT_ONCE }, (_, at) => first + at);
    const messages = await Promise.all(attempts.map((attempt) => messageOf(deps, document, attempt)));
    const found = messages.filter((message) => message !== undefined);
    const own = found.find(({ value }) => value.document?.version === document.version);
    if (own !== undefined || found.length === 0) return own ?? last;
    last = found.at(-1);
  }
};

type Choice =
  | { readonly kind: "try"; readonly attempt: number }
  /** The last try is still under way. */
  | { readonly kind: "wait"; readonly message: Versioned<Message> }
  /** The client has not kept the number of attempts, so it must be written first: the key depends on it. */
  | { readonly kind: "count"; readonly attempts: number };

const chooseTry = async (
  deps: TakeDeps,
  document: MailDocument,
  wish: Exclude<Wish, { kind: "nothing" }>,
): Promise<Choice> => {
  if (wish.kind === "first") return { kind: "try", attempt: wish.attempts + 1 };
  const last = wish.attempts === null ? await lastTry(deps, document) : await messageOf(deps, document, wish.attempts);
  const of = last?.value.document;
  if (last !== undefined && !isFinal(last.value)) return { kind: "wait", message: last };
  if (wish.attempts !== null) return { kind: "try", attempt: wish.attempts + 1 };
  if (of === undefined) return { kind: "try", attempt: 1 };
  // The same version of the document has been tried before, by an event that came twice or a process that died.
  return of.version === document.version
    ? { kind: "try", attempt: of.attempt }
    : { kind: "count", attempts: of.attempt };
};

const tryOf = (deps: TakeDeps, document: MailDocument, attempt: number): DocumentTry => {
  const { database, path, createTime, version } = document;
  const expiresAtMs = expiryOf(deps.settings, deps.clock.nowMs());
  return { database, path, createTime, version, attempt, expiresAtMs };
};

/** Writes what has become of a message into its document. */
const reflect = async (deps: TakeDeps, message: Versioned<Message>, read: MailDocument): Promise<void> => {
  if (!isUnderstoodMessage(message.value)) return;
  const next = documentDelivery(message.id, message.value);
  if (next !== undefined) await noteDelivery(deps, next, { read });
};

/** Takes back a `RETRY` that came while the last try is under way: one mail is enough. */
const keepWaiting = async (deps: TakeDeps, message: Versioned<Message>, read: MailDocument): Promise<void> => {
  const next = documentDelivery(message.id, message.value);
  if (next !== undefined) await noteDelivery(deps, next, { read, answersRetry: true });
  // If it came to its end meanwhile, that end met the RETRY and left it alone.
  const now = await deps.records.get("messages", message.id);
  const end = now !== undefined && isFinal(now.value) ? documentDelivery(now.id, now.value) : undefined;
  if (end !== undefined) await noteDelivery(deps, end);
};

/** A document that cannot become a message. If an earlier version of it has, that message says what became of it. */
const refuse = async (
  deps: TakeDeps,
  document: MailDocument,
  { of, fault }: { readonly of: DocumentTry; readonly fault: DocumentFault },
): Promise<Taken | "contended"> => {
  const message = await messageOf(deps, document, of.attempt);
  if (message !== undefined) {
    await reflect(deps, message, document);
    return "done";
  }
  deps.log.info("document_refused", { document: document.path, fault: fault.code });
  const nowMs = deps.clock.nowMs();
  const error = { kind: "refused", text: faultText(fault) } as const;
  const next: DocumentDelivery = { of, startedAtMs: nowMs, endedAtMs: nowMs, state: "ERROR", error, info: null };
  return writeDelivery(deps, document, deliveryChange(next, document.data));
};

const accept = async (deps: TakeDeps, document: MailDocument, of: DocumentTry): Promise<Taken | "contended"> => {
  const request = await composeRequest(deps, document.data);
  if (!request.ok) return refuse(deps, document, { of, fault: request.problem });
  const accepted = await acceptMessage(deps, {
    principal: CALLER,
    ...request.value,
    idempotencyKey: keyOf(document, of.attempt),
    sizeLimit: HTTP_SIZE_LIMIT,
    document: of,
  });
  if (!accepted.ok) {
    const { problem } = accepted;
    return "retryAfterS" in problem ? "later" : refuse(deps, document, { of, fault: { code: "refused", problem } });
  }
  if (accepted.value.kind === "accepted") await reflect(deps, accepted.value.message, document);
  return "done";
};

const takeOnce = async (deps: TakeDeps, address: DocumentAddress): Promise<Taken | "contended"> => {
  const document = await deps.documents.read(address);
  if (document === undefined) return "missing";
  if (!isMail(document.data)) return "done";
  const wish = wishOf(document.data);
  if (wish.kind === "nothing") return "done";
  const choice = await chooseTry(deps, document, wish);
  switch (choice.kind) {
    case "count":
      return writeDelivery(deps, document, { attempts: choice.attempts });
    case "wait":
      await keepWaiting(deps, choice.message, document);
      return "done";
    case "try":
      return accept(deps, document, tryOf(deps, document, choice.attempt));
  }
};

/**
 * Takes a document that was written: accepts it as a message if it asks for that, and writes into its `delivery` what
 * becomes of it. The record comes first; a crash before the document is written is made good by the event, which comes
 * again and finds the record by its key. What Relais itself has written asks for nothing, which one read tells. Throws
 * `Unavailable`.
 */
export const takeDocument = (deps: TakeDeps, address: DocumentAddress): Promise<Taken> =>
  changeOnCondition(deps, "take a document", () => takeOnce(deps, address));
