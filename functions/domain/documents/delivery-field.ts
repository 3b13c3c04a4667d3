import type { DocumentDelivery, DocumentError } from "../document-delivery.ts";
import { isTextCode, problemText } from "../problem-texts.ts";
import { unhandled } from "../unhandled.ts";
import type { DeliveryChange, DocumentData } from "./mail-documents.ts";

/** What `delivery` says, as far as Relais can read it: a client may have written anything. */
export interface DeliveryField {
  readonly state: unknown;
  /** Null if it is no number of attempts. */
  readonly attempts: number | null;
  readonly endedAtMs: number | null;
}

const MOST_ATTEMPTS = 1_000_000;

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

const attemptsIn = (value: unknown): number | null =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST_ATTEMPTS ? value : null;

/** Null if the document has no `delivery` yet. The extension takes every empty value for none. */
export const readDelivery = (data: DocumentData): DeliveryField | null => {
  const delivery = memberOf(data, "delivery");
  if (!delivery) return null;
  const endTime = memberOf(delivery, "endTime");
  return {
    state: memberOf(delivery, "state"),
    attempts: attemptsIn(memberOf(delivery, "attempts")),
    endedAtMs: endTime instanceof Date ? endTime.getTime() : null,
  };
};

/** What a document asks for. */
export type Wish =
  /** Nothing: it is under way, at its end, or in a state that only its writer knows. */
  | { readonly kind: "nothing" }
  | { readonly kind: "first"; readonly attempts: number }
  /** A client has set `RETRY`; null if it did not keep the number of attempts. */
  | { readonly kind: "again"; readonly attempts: number | null };

export const wishOf = (data: DocumentData): Wish => {
  const delivery = readDelivery(data);
  if (delivery === null) return { kind: "first", attempts: 0 };
  if (delivery.state === "PENDING") return { kind: "first", attempts: delivery.attempts ?? 0 };
  if (delivery.state === "RETRY") return { kind: "again", attempts: delivery.attempts || null };
  return { kind: "nothing" };
};

/** The states after which one of a later try may follow. */
const BEFORE_A_TRY: readonly unknown[] = ["PENDING", "RETRY", "PROCESSING", "SUCCESS", "ERROR"];

/**
 * Whether `next` is newer than what the document says: of a later try, further on in the same one, or an end that
 * replaces an earlier end, as after a person has sent the message again. So writes may arrive in any order, and twice.
 */
export const isNewer = (
  next: DocumentDelivery,
  data: DocumentData,
  { answersRetry = false }: { readonly answersRetry?: boolean } = {},
): boolean => {
  const now = readDelivery(data);
  if (now === null) return true;
  if (answersRetry && now.state === "RETRY") return true;
  const attempts = now.attempts ?? 0;
  if (attempts !== next.of.attempt) return attempts < next.of.attempt && BEFORE_A_TRY.includes(now.state);
  if (next.state === "PROCESSING") return now.state === "PENDING";
  if (now.state === "PROCESSING" || now.state === "PENDING") return true;
  const ended = now.state === "SUCCESS" || now.state === "ERROR";
  return ended && now.endedAtMs !== null && next.endedAtMs > now.endedAtMs;
};

/** In English: programs and developers read it, as they read what the extension writes there. */
const errorText = (error: DocumentError): string => {
  switch (error.kind) {
    case "refused":
      return error.text;
    case "canceled":
      return "The message was canceled in Relais.";
    case "expired":
      return "The message expired before it could be sent.";
    case "failed": {
      const text = error.problem !== null && isTextCode(error.problem) ? problemText(error.problem, "en") : null;
      const what = text === null ? "The message could not be sent." : `${text.title}. ${text.advice}`;
      return error.reply === null ? what : `${error.reply} (${what})`;
    }
    default:
      return unhandled("error", error);
  }
};

const outcomeOf = (next: DocumentDelivery): DeliveryChange => {
  switch (next.state) {
    case "PROCESSING":
      return { endTime: null, error: null };
    case "SUCCESS":
      return { endTime: new Date(next.endedAtMs), error: null, info: next.info };
    case "ERROR":
      return {
        endTime: new Date(next.endedAtMs),
        error: errorText(next.error),
        ...(next.info === null ? {} : { info: next.info }),
      };
    default:
      return unhandled("state", next);
  }
};

/** The members of `delivery` to write. The start and the expiry stay those of the first try, as in the extension. */
export const deliveryChange = (next: DocumentDelivery, data: DocumentData): DeliveryChange => {
  const delivery = memberOf(data, "delivery");
  const { expiresAtMs, attempt } = next.of;
  const isMissing = (name: string): boolean => !(memberOf(delivery, name) instanceof Date);
  return {
    state: next.state,
    attempts: attempt,
    // The message's record is the lease.
    leaseExpireTime: null,
    ...(isMissing("startTime") ? { startTime: new Date(next.startedAtMs) } : {}),
    ...(expiresAtMs !== null && isMissing("expireAt") ? { expireAt: new Date(expiresAtMs) } : {}),
    ...outcomeOf(next),
  };
};
