import { readFileSync } from "node:fs";
import type { Environment } from "../config.ts";

/** A start that cannot be made, told to the person at the terminal without a stack. */
export class StartRefused extends Error {
  override readonly name = "StartRefused";
}

export interface StartOptions {
  /** Contents of the file after `--real-google`; null: without it. */
  readonly realGoogle: unknown;
  readonly useRealGoogle: boolean;
}

const USAGE = "Usage: npm start [-- --real-google client_secret.json]";

const readClientFile = (path: string): unknown => {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new StartRefused(
      `${path} cannot be read. Download the OAuth client's JSON in Google Cloud (APIs & Services → Credentials).`,
    );
  }
  try {
    // An editor may have put a byte order mark before it.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new StartRefused(`${path} is not JSON. Give the file as Google Cloud's console downloads it.`);
  }
};

export const startOptions = (args: readonly string[]): StartOptions => {
  const [first, file, ...rest] = args;
  if (first === undefined) return { realGoogle: null, useRealGoogle: false };
  if (first !== "--real-google" || file === undefined || rest.length > 0) throw new StartRefused(USAGE);
  return { realGoogle: readClientFile(file), useRealGoogle: true };
};

/** Any of these set means: talk to what they name, start no sandbox. */
const ELSEWHERE = [
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
  !options.useRealGoogle && ELSEWHERE.every((name) => (env[name] ?? "") === "");

/** With `--real-google` the endpoints are Google's, whatever the environment says. */
export const withoutStandIns = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !(ELSEWHERE as readonly string[]).includes(name)));
