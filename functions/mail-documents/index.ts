import { documentFunction } from "../runtime/deployed.ts";
import { onDocument } from "../runtime/handlers/mail-documents.ts";

const handler = await documentFunction("mail-documents", onDocument);

export { handler as "mail-documents" };
