/** One try to send a document of Trigger Email: what a message keeps of where it came from. */
export interface DocumentTry {
  readonly database: string;
  /** From the root of the database, such as `mail/abc`. */
  readonly path: string;
  /** Tells this document from one that is created later under the same path. */
  readonly createTime: string;
  /** The version of the document from which the message was made. */
  readonly version: string;
  /** Counts from 1, as `delivery.attempts` does. */
  readonly attempt: number;
  /** When a TTL policy may delete the document; null if never. */
  readonly expiresAtMs: number | null;
}

/** What `delivery.info` says, as nodemailer does of a mail, and the message's id in Relais. */
export interface DocumentInfo {
  readonly id: string;
  readonly messageId: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
  readonly pending: readonly string[];
  readonly response: string | null;
}

/** Why there is no mail of a document. The text is made where it is written. */
export type DocumentError =
  /** The document never became a message. */
  | { readonly kind: "refused"; readonly text: string }
  | {
      readonly kind: "failed";
      /** A code of `problem-texts.ts`. */
      readonly problem: string | null;
      /** Gmail's last reply. */
      readonly reply: string | null;
    }
  | { readonly kind: "canceled" | "expired" };

/** What a document's `delivery` must say about one try. */
export type DocumentDelivery = {
  readonly of: DocumentTry;
  readonly startedAtMs: number;
} & (
  | { readonly state: "PROCESSING" }
  | { readonly state: "SUCCESS"; readonly endedAtMs: number; readonly info: DocumentInfo }
  | {
      readonly state: "ERROR";
      readonly endedAtMs: number;
      readonly error: DocumentError;
      /** Null if it was refused. */
      readonly info: DocumentInfo | null;
    }
);
