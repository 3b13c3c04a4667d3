import { type ChangeDeps, changeOnCondition } from "../change-on-condition.ts";
import type { DocumentDelivery } from "../document-delivery.ts";
import type { Log } from "../log.ts";
import { deliveryChange, isNewer } from "./delivery-field.ts";
import type { DeliveryChange, MailDocument, MailDocuments } from "./mail-documents.ts";

interface WriteDeps {
  readonly documents: MailDocuments;
  readonly log: Log;
}

export interface NoteDeps extends ChangeDeps, WriteDeps {}

/**
 * Changes `delivery` on condition. A document that has no room for it is logged and left alone: trying again would
 * change nothing. Throws `Unavailable`.
 */
export const writeDelivery = async (
  { documents, log }: WriteDeps,
  document: MailDocument,
  change: DeliveryChange,
): Promise<"done" | "contended"> => {
  const outcome = await documents.change(document, change);
  if (outcome !== "unwritable") return outcome;
  log.error("document_unwritable", { document: document.path });
  return "done";
};

interface NoteOptions {
  /** The document as it was just read, which saves a read. */
  readonly read?: MailDocument;
  /** A client asks for a new try while this one is still under way. */
  readonly answersRetry?: boolean;
}

/**
 * Writes into a document what has become of it, unless it says something newer. A document that is gone, or another one
 * under the same path, is left alone. Throws `Unavailable`.
 */
export const noteDelivery = (
  deps: NoteDeps,
  next: DocumentDelivery,
  { read, answersRetry = false }: NoteOptions = {},
): Promise<void> =>
  changeOnCondition(deps, "write the delivery of a document", async (lost) => {
    const document = lost === 0 && read !== undefined ? read : await deps.documents.read(next.of, ["delivery"]);
    if (document === undefined || document.createTime !== next.of.createTime) return;
    if (!isNewer(next, document.data, { answersRetry })) return;
    const outcome = await writeDelivery(deps, document, deliveryChange(next, document.data));
    return outcome === "done" ? undefined : outcome;
  });
