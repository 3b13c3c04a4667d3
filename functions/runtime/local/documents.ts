import type { IncomingMessage, RequestListener } from "node:http";
import { SECOND } from "../../domain/clock.ts";
import { serveDocuments } from "../document-edge.ts";
import { onDocument } from "../handlers/mail-documents.ts";
import type { System } from "../system.ts";
import { registerTrigger } from "./firestore-emulator.ts";

/** The path that the emulator posts to ends with the name of the trigger, which differs between installations. */
const TRIGGER = "mail-documents";
const EVENTS = new RegExp(`^/functions/projects/[^/]+/triggers/${TRIGGER}-\\d+$`);

/** Eventarc sends an event again for a day; the emulator never does. */
const TRIES = 5;

/** The function `mail-documents` in this process, which the emulator of Firestore calls. */
export interface LocalDocuments {
  isEvent(req: IncomingMessage): boolean;
  readonly listener: RequestListener;
  /** Has the emulator tell of documents from now on. */
  watch(): Promise<void>;
}

export const localDocuments = (system: System): LocalDocuments => {
  const take = onDocument(system);
  const takeRepeatedly: typeof take = async (written) => {
    for (let tries = 1; ; tries += 1) {
      const outcome = await take(written).catch((error: unknown) => {
        if (tries === TRIES) throw error;
        return "nack" as const;
      });
      if (outcome === "ack" || tries === TRIES) return outcome;
      await system.clock.sleep(system.clock.lasting(tries * SECOND));
    }
  };
  const { documents, documentStore, port } = system.config;
  return {
    isEvent: (req) => EVENTS.test(req.url ?? ""),
    listener: serveDocuments(takeRepeatedly, system),
    watch: async () => {
      if (documents === null || documentStore?.emulator == null) return;
      const { projectId, emulator } = documentStore;
      const trigger = { projectId, trigger: `${TRIGGER}-${port}`, ...documents };
      await registerTrigger(emulator, trigger).catch((error: unknown) => {
        system.log.error("document_trigger_failed", { emulator }, error);
      });
    },
  };
};
