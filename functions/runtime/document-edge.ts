import type { IncomingHttpHeaders } from "node:http";
import { DELIVERING } from "../domain/patience.ts";
import { Unavailable } from "../domain/problem.ts";
import { serveCalls } from "./event-edge.ts";
import { logUnavailable } from "./log-unavailable.ts";
import { withPatience } from "./patience.ts";
import type { System } from "./system.ts";

/** A document that was written, by whomever. */
export interface WrittenDocument {
  readonly database: string;
  /**
   * The paths that the event may mean, most likely first. Only a path with a percent sign has two: CloudEvents
   * percent-encodes what is not ASCII in a header, the emulator does not.
   */
  readonly paths: readonly string[];
}

/** `ack`: the document is dealt with. `nack`: send the event again. A handler that throws also means `nack`. */
export type OnDocument = (document: WrittenDocument) => Promise<"ack" | "nack">;

const headerOf = (headers: IncomingHttpHeaders, name: string): string | null => {
  const value = headers[name];
  if (typeof value !== "string") return null;
  // Node reads headers as Latin-1, and the emulator writes them in UTF-8.
  const text = Buffer.from(value, "latin1").toString("utf8");
  return text.includes("\ufffd") ? value : text;
};

const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const TYPES = /^google\.cloud\.firestore\.document\.v1\.(?:written|created|updated|deleted)(?:\.withAuthContext)?$/;
const SUBJECT = /^documents\/(.+)$/s;
const SOURCE = /\/databases\/([^/]+)$/;

/**
 * Reads an event of Firestore from its headers (cloud.google.com/eventarc/docs/cloudevents, binary mode). Its body is
 * never read: it may hold an older state of the document, or a forged one. Undefined if it is no such event.
 */
export const parseDocumentEvent = (headers: IncomingHttpHeaders): WrittenDocument | undefined => {
  const header = (name: string): string | null => headerOf(headers, name);
  const path = header("ce-document") ?? SUBJECT.exec(header("ce-subject") ?? "")?.[1];
  const database = header("ce-database") ?? SOURCE.exec(header("ce-source") ?? "")?.[1];
  if (!TYPES.test(header("ce-type") ?? "") || !path || !database) return undefined;
  return { database, paths: [...new Set([percentDecoded(path), path])] };
};

const answerEvent = async (
  onDocument: OnDocument,
  system: Pick<System, "log">,
  headers: IncomingHttpHeaders,
): Promise<number> => {
  const written = parseDocumentEvent(headers);
  if (written === undefined) {
    system.log.error("document_event_malformed", { type: String(headers["ce-type"] ?? "") });
    return 204;
  }
  try {
    return (await onDocument(written)) === "ack" ? 204 : 503;
  } catch (error) {
    if (error instanceof Unavailable) {
      logUnavailable(system.log, error, { document: written.paths[0] ?? "" });
      return 503;
    }
    system.log.error("document_event_defect", { document: written.paths[0] ?? "" }, error);
    return 500;
  }
};

/** The HTTP side of an Eventarc trigger: as that of a push subscription, which Eventarc uses (`serveEvents`). */
export const serveDocuments = (
  onDocument: OnDocument,
  system: Pick<System, "build" | "config" | "log" | "random" | "clock">,
) => {
  const patient: OnDocument = (written) => withPatience(system.clock, DELIVERING, () => onDocument(written));
  return serveCalls(({ req }) => answerEvent(patient, system, req.headers), system);
};
