import type { MailDocuments } from "../../functions/domain/documents/mail-documents.ts";
import { Unavailable } from "../../functions/domain/problem.ts";

const refuse = async (): Promise<never> => {
  throw new Unavailable("reach documents", { cause: new Error("this test has none") });
};

/** For systems in which no message comes from a document. */
export const noDocuments: MailDocuments = { read: refuse, readMany: refuse, change: refuse };
export const noteNothing = refuse;
