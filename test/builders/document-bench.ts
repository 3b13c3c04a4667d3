import type { DocumentSettings } from "../../functions/domain/documents/document-settings.ts";
import { noteDelivery } from "../../functions/domain/documents/note-delivery.ts";
import { type TakeDeps, type Taken, takeDocument } from "../../functions/domain/documents/take-document.ts";
import { TemplateShelf } from "../../functions/domain/documents/templates/load-template.ts";
import { deliverMessage } from "../../functions/domain/messages/deliver/deliver.ts";
import type { DeliveryDeps } from "../../functions/domain/messages/delivery-deps.ts";
import { type Delivery, delivery } from "./delivery.ts";
import { MemoryDocuments } from "./memory-documents.ts";

/** Documents and messages without any process: a store, a Gmail and documents in memory. */
export interface DocumentBench extends Delivery {
  readonly documents: MemoryDocuments;
  readonly take: (path: string) => Promise<Taken>;
  /** Delivers what is published, and takes what is written, until nothing is left. */
  readonly settle: () => Promise<void>;
  /** The number of calls for documents that were written. */
  readonly invocations: () => number;
}

const SETTINGS: DocumentSettings = {
  database: "(default)",
  collection: "mail",
  usersCollection: "users",
  templatesCollection: "templates",
  defaultFrom: "ada@example.com",
  defaultReplyTo: null,
  expires: { unit: "day", value: 2 },
};

export const documentBench = async (settings: Partial<DocumentSettings> = {}): Promise<DocumentBench> => {
  const bench = await delivery();
  const documents = new MemoryDocuments();
  const { deps: base, clock } = bench;
  const deps: DeliveryDeps = {
    ...base,
    announce: async (event) => {
      await base.announce(event);
      if (event.document !== undefined) await noteDelivery({ ...base, documents }, event.document);
    },
  };
  const takeDeps: TakeDeps = {
    ...deps,
    clock: { ...clock, nextMs: () => clock.nowMs() },
    offersSmtpUtf8: async () => true,
    documents,
    settings: { ...SETTINGS, ...settings },
    templates: new TemplateShelf(documents, clock),
  };
  await bench.setServer({});
  let invocations = 0;
  const take = (path: string): Promise<Taken> => {
    invocations += 1;
    return takeDocument(takeDeps, { database: "(default)", path });
  };
  const settle = async (): Promise<void> => {
    for (;;) {
      const written = documents.written.splice(0);
      const published = bench.published();
      if (written.length === 0 && published.length === 0) return;
      for (const path of written.filter((one) => one.startsWith("mail/"))) await take(path);
      for (const id of published) await deliverMessage(deps, id);
    }
  };
  // The same object, since tests set its Gmail.
  return Object.assign(bench, { documents, take, settle, invocations: () => invocations });
};
