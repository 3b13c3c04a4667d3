import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultAccounts, defaultOperatorEmail, directoryOf, type SandboxAccount } from "./accounts.ts";
import { certificatesOf } from "./certificates.ts";
import { clientSecretFile, clientsOf, type SandboxClient } from "./clients.ts";
import { controlOf, type SandboxControl } from "./control.ts";
import { newCounters } from "./counters.ts";
import { faultBoard } from "./faults.ts";
import { grantsOf } from "./grants.ts";
import { mailboxOf } from "./mailbox.ts";
import type { SandboxOptions } from "./options.ts";
import { googleProvider, paths } from "./provider.ts";
import { sandboxHandler } from "./routes.ts";
import { signingKeysOf } from "./signing-keys.ts";
import { listenSmtp, type SmtpParts } from "./smtp.ts";
import { openState, type State } from "./state.ts";
import { newTranscripts } from "./transcript.ts";

/** A private Google on 127.0.0.1. */
export interface GoogleSandbox {
  /** The `GOOGLE_*` and `GMAIL_*` variables that make Relais use this sandbox. */
  readonly environment: Readonly<Record<string, string>>;
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** The page that shows what was sent. */
  readonly mailboxUrl: string;
  readonly smtp: { readonly host: string; readonly port: number };
  readonly smtpStartTls: { readonly host: string; readonly port: number };
  /** PEM text of the authority that signed the SMTP certificate. */
  readonly ca: string;
  readonly accounts: readonly SandboxAccount[];
  readonly operatorEmail: string;
  /** The current web client (`control.resetClientSecret` changes it). */
  readonly client: SandboxClient;
  /** A client of type "Desktop": Google refuses Relais's redirect URI for it. */
  readonly desktopClient: SandboxClient;
  /** Writes the JSON file that Google's console offers as a download for a client. */
  writeClientSecret(path: string, kind?: "web" | "installed"): void;
  readonly control: SandboxControl;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const DEFAULT_REDIRECT_URI = "http://localhost:8080/google_gmail/confirm";

export const startGoogleSandbox = async (options: SandboxOptions = {}): Promise<GoogleSandbox> => {
  const state = openState(options.dataDir ?? null);
  // An idle client must not be disconnected just when it sends its next request.
  const http = createServer({ keepAliveTimeout: 300_000 });
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(options.ports?.http ?? 0, HOST, resolve);
  });
  const origin = `http://${HOST}:${(http.address() as AddressInfo).port}`;
  const parts = await partsOf(options, { origin, state, nowMs: options.nowMs ?? Date.now });
  const control = controlOf(parts);
  http.on("request", sandboxHandler(parts, await googleProvider(parts), control));
  const ports = options.ports ?? {};
  const smtp = await listenSmtp(parts, { security: "tls", port: ports.smtp ?? 0 });
  const startTls = await listenSmtp(parts, { security: "starttls", port: ports.smtpStartTls ?? 0 });
  const files = options.dataDir ?? mkdtempSync(join(tmpdir(), "google-sandbox-"));
  const caFile = join(files, "google-sandbox-ca.pem");
  writeFileSync(caFile, parts.certificates.ca);
  const { clients } = parts;
  return {
    origin,
    mailboxUrl: `${origin}/mailbox`,
    smtp: { host: HOST, port: smtp.port },
    smtpStartTls: { host: HOST, port: startTls.port },
    ca: parts.certificates.ca,
    accounts: parts.accounts.all,
    operatorEmail: options.operatorEmail ?? defaultOperatorEmail,
    get client() {
      return clients.web;
    },
    desktopClient: clients.desktop,
    control,
    environment: environmentOf(origin, {
      caFile,
      security: options.smtpSecurity ?? "tls",
      port: options.smtpSecurity === "starttls" ? startTls.port : smtp.port,
    }),
    writeClientSecret: (path, kind = "web") => {
      const client = kind === "web" ? clients.web : clients.desktop;
      const redirectUris = kind === "web" ? clients.redirectUris() : ["http://localhost"];
      writeFileSync(path, `${JSON.stringify(clientSecretFile(client, { kind, origin, redirectUris }))}\n`, {
        mode: 0o600,
      });
    },
    close: async () => {
      http.closeAllConnections();
      await Promise.all([new Promise((resolve) => http.close(resolve)), smtp.close(), startTls.close()]);
      state.close();
      if (options.dataDir === undefined) rmSync(files, { recursive: true, force: true });
    },
  };
};

interface Platform {
  readonly origin: string;
  readonly state: State;
  readonly nowMs: () => number;
}

const partsOf = async (options: SandboxOptions, platform: Platform): Promise<SmtpParts> => {
  const { state, nowMs } = platform;
  const faults = faultBoard();
  const redirectUris = options.redirectUris ?? [DEFAULT_REDIRECT_URI];
  const [keys, certificates, clients] = await Promise.all([
    signingKeysOf(state),
    certificatesOf(state),
    clientsOf({ state, given: options.client ?? null, redirectUris }),
  ]);
  return {
    ...platform,
    accounts: directoryOf(options.accounts ?? defaultAccounts),
    clients,
    faults,
    grants: grantsOf(state),
    keys,
    certificates,
    mailbox: mailboxOf({ state, faults, nowMs, onMail: options.onMail ?? (() => {}) }),
    counters: newCounters(),
    transcripts: newTranscripts(),
    verified: options.verified ?? false,
  };
};

const environmentOf = (
  origin: string,
  smtp: { readonly caFile: string; readonly security: string; readonly port: number },
): Record<string, string> => ({
  GOOGLE_ISSUER: origin,
  GOOGLE_AUTHORIZATION_ENDPOINT: `${origin}${paths.authorization}`,
  GOOGLE_TOKEN_ENDPOINT: `${origin}${paths.token}`,
  GOOGLE_REVOCATION_ENDPOINT: `${origin}${paths.revocation}`,
  GOOGLE_JWKS_URI: `${origin}${paths.jwks}`,
  GOOGLE_RISC_CONFIGURATION: `${origin}${paths.risc}`,
  GMAIL_SMTP_HOST: HOST,
  GMAIL_SMTP_PORT: String(smtp.port),
  GMAIL_SMTP_SECURITY: smtp.security,
  GMAIL_SMTP_CA: smtp.caFile,
  GMAIL_API_ROOT_URL: origin,
});
