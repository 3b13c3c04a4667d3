import { readFileSync } from "node:fs";
import type { Environment } from "../config-error.ts";

/** Relais cannot start. The person at the terminal sees the message without a stack trace. */
export class StartRefused extends Error {
  override readonly name = "StartRefused";
}

export interface StartOptions {
  /** The contents of the file after `--real-google`; null without that option. */
  readonly realGoogle: unknown;
  readonly useRealGoogle: boolean;
  /** Documents of Trigger Email are taken, from an emulator of Firestore. */
  readonly documents: boolean;
}

const USAGE = "Usage: npm start [-- --real-google client_secret.json]";

const readClientFile = (path: string): unknown => {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new StartRefused(
      `${path} cannot be read. Check the path, or download the OAuth client's JSON file from Google Cloud (APIs & Services → Credentials).`,
    );
  }
  try {
    // An editor may have added a byte order mark.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new StartRefused(`${path} is not JSON. Use the file exactly as downloaded from Google Cloud.`);
  }
};

export const startOptions = (given: readonly string[]): StartOptions => {
  const documents = given[0] === "--documents";
  const [first, file, ...rest] = documents ? given.slice(1) : given;
  if (first === undefined) return { realGoogle: null, useRealGoogle: false, documents };
  if (first !== "--real-google" || file === undefined || rest.length > 0) throw new StartRefused(USAGE);
  return { realGoogle: readClientFile(file), useRealGoogle: true, documents };
};

/** If any of these is set, Relais talks to what they name and starts no sandbox. */
const GOOGLE_VARIABLES = [
  "GOOGLE_ISSUER",
  "GOOGLE_AUTHORIZATION_ENDPOINT",
  "GOOGLE_TOKEN_ENDPOINT",
  "GOOGLE_REVOCATION_ENDPOINT",
  "GOOGLE_JWKS_URI",
  "GOOGLE_RISC_CONFIGURATION",
  "GMAIL_SMTP_HOST",
  "GMAIL_SMTP_PORT",
  "GMAIL_SMTP_SECURITY",
  "GMAIL_SMTP_CA",
  "GMAIL_API_ROOT_URL",
] as const;

export const wantsSandbox = (env: Environment, options: StartOptions): boolean =>
  !options.useRealGoogle && GOOGLE_VARIABLES.every((name) => (env[name] ?? "") === "");

/** With `--real-google`, the endpoints are Google's, whatever the environment says. */
export const withoutStandIns = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !(GOOGLE_VARIABLES as readonly string[]).includes(name)));
