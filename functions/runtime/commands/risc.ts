// `npm run risc -- register|status|verify` asks Google to send security events of connected accounts to Relais
// (Cross-Account Protection, RISC). First enable the RISC API in the OAuth client's project, create a service account
// there with roles/riscconfigs.admin, allow yourself to sign for it (roles/iam.serviceAccountTokenCreator), and run
// `gcloud auth application-default login`. No key file is needed.
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { eventStream } from "../../adapters/google-risc/event-stream.ts";
import { verifyTlsInLibraries } from "../library-tls.ts";

verifyTlsInLibraries();

const USAGE = `npm run risc -- register|status|verify --service-account NAME@PROJECT.iam.gserviceaccount.com [--url https://relais.example.com]
  register  sends Google's security events to <url>/google_gmail/security-events
  status    shows what is registered
  verify    asks Google for a test event; the setup checks (GET /v1/doctor) then report it
RELAIS_PUBLIC_URL can give the URL, and RISC_SERVICE_ACCOUNT the account.`;

const fail = (text: string): never => {
  console.error(text);
  process.exit(2);
};

/** Uses Application Default Credentials unless a token is given (`gcloud auth print-access-token`). */
const accessToken = async (): Promise<string> => {
  const given = process.env.GOOGLE_ACCESS_TOKEN;
  if (given) return given;
  const { applicationDefaultToken } = await import("../../adapters/google-cloud/credentials.ts");
  return applicationDefaultToken()();
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: "string" }, "service-account": { type: "string" } },
});
const [command = ""] = positionals;
const serviceAccount = values["service-account"] ?? process.env.RISC_SERVICE_ACCOUNT ?? "";
if (!["register", "status", "verify"].includes(command) || serviceAccount === "") fail(USAGE);

const stream = eventStream({
  serviceAccount,
  accessToken,
  nowMs: Date.now,
  // Tests set these to stand-ins for Google.
  ...(process.env.RISC_ROOT_URL ? { riscRootUrl: process.env.RISC_ROOT_URL } : {}),
  ...(process.env.IAM_ROOT_URL ? { iamRootUrl: process.env.IAM_ROOT_URL } : {}),
});

const register = async (): Promise<void> => {
  const origin = (values.url ?? process.env.RELAIS_PUBLIC_URL ?? "").replace(/\/$/, "");
  if (!origin.startsWith("https://")) fail(`Google sends only to https URLs, not to "${origin}".\n\n${USAGE}`);
  const url = `${origin}/google_gmail/security-events`;
  await stream.register(url);
  console.log(`Google now sends security events to ${url}. Try it: npm run risc -- verify`);
};

const status = async (): Promise<void> => {
  const found = await stream.status();
  if (found === null) return console.log("Nothing is registered. Start with: npm run risc -- register");
  console.log(`${found.url}: ${found.status}\n${found.events.map((event) => `  ${event}`).join("\n")}`);
};

const verify = async (): Promise<void> => {
  await stream.verify(randomUUID());
  console.log("Asked. Within a minute, the setup checks (GET /v1/doctor, security_events) report it.");
};

try {
  await (command === "register" ? register() : command === "status" ? status() : verify());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
