import { createServer } from "node:http";
import { loadPublicSuffixes } from "../../../functions/domain/access/shared-domain.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { serveDocuments } from "../../../functions/runtime/document-edge.ts";
import { onDocument } from "../../../functions/runtime/handlers/mail-documents.ts";

// `mail-documents` in a process of its own, which a test may kill, on the embedded store of an `npm start`.
const config = loadConfig(process.env, { laptop: true, standIns: true, isPublicSuffix: await loadPublicSuffixes() });
const system = compose(config, { component: "mail-documents" });
createServer(serveDocuments(onDocument(system), system)).listen(config.port, "127.0.0.1");
