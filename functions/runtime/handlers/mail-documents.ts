import { isInCollection } from "../../domain/documents/document-settings.ts";
import { takeDocument } from "../../domain/documents/take-document.ts";
import { TemplateShelf } from "../../domain/documents/templates/load-template.ts";
import type { OnDocument } from "../document-edge.ts";
import type { System } from "../system.ts";

/** The events come again, so that nothing is lost until somebody has set the variable. */
const notConfigured =
  ({ log }: System): OnDocument =>
  async () => {
    log.error("documents_not_configured");
    return "nack";
  };

/** Takes documents of Trigger Email. */
export const onDocument = (system: System): OnDocument => {
  const { documents: settings } = system.config;
  if (settings === null) return notConfigured(system);
  const deps = { ...system, settings, templates: new TemplateShelf(system.documents, system.clock) };
  return async ({ database, paths }) => {
    const mine = paths.filter((path) => database === settings.database && isInCollection(settings.collection, path));
    if (mine.length === 0) system.log.warn("document_elsewhere", { document: paths[0] ?? "", database });
    for (const path of mine) {
      const taken = await takeDocument(deps, { database, path });
      if (taken !== "missing") return taken === "later" ? "nack" : "ack";
    }
    return "ack";
  };
};
