import type { DocumentTry } from "../document-delivery.ts";

/** A database of Firestore, and a path in it. */
export type DocumentAddress = Pick<DocumentTry, "database" | "path">;

/** The fields of a document as plain values: times are `Date`, bytes `Uint8Array`, references their paths. */
export type DocumentData = Readonly<Record<string, unknown>>;

export interface MailDocument extends DocumentAddress {
  readonly createTime: string;
  /** Changes with every write, ours or the application's. */
  readonly version: string;
  readonly data: DocumentData;
}

/** Members of `delivery`; a `Date` is stored as a timestamp. Members that are not named stay as they are. */
export type DeliveryChange = Readonly<Record<string, unknown>>;

export type DeliveryWritten = "done" | "contended" | "unwritable";

/**
 * The documents of an application, in a database of its own making, which Relais reads and whose `delivery` it writes.
 * Every method throws `Unavailable`.
 */
export interface MailDocuments {
  /** With `fields`, only those are read. Undefined if there is no such document. */
  read(address: DocumentAddress, fields?: readonly string[]): Promise<MailDocument | undefined>;
  /** Of several documents, in that order; undefined for those that do not exist. At most 300. */
  readMany(
    database: string,
    paths: readonly string[],
    fields?: readonly string[],
  ): Promise<readonly (DocumentData | undefined)[]>;
  /**
   * Changes `delivery` if the document still has this version. `contended` if it has another one, or is gone;
   * `unwritable` if the store takes no more in it, as in a document of almost 1 MiB.
   */
  change(
    document: Pick<MailDocument, "database" | "path" | "version">,
    delivery: DeliveryChange,
  ): Promise<DeliveryWritten>;
}
