import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { DEFAULT_DATABASE } from "../adapters/google-cloud/installation.ts";
import { locationOfKey, type SecretPlaces } from "../adapters/secret-manager/replication.ts";
import { type IsPublicSuffix, isSharedDomain } from "../domain/access/shared-domain.ts";
import { parseAddressOrDomain } from "../domain/address.ts";
import type { DocumentSettings } from "../domain/documents/document-settings.ts";
import { Secret } from "../domain/secret.ts";
import { documentMistakes, documentSettings } from "./config-documents.ts";
import { ConfigError, type Environment } from "./config-error.ts";
import {
  addressList,
  anyText,
  commitName,
  databaseId,
  flag,
  hostName,
  kmsKeyList,
  namePrefix,
  port,
  publicOrigin,
  refreshTokens,
  regionList,
  rootUrl,
  secretText,
  serviceAccount,
  shape,
  smtpSecurity,
  store,
  timeScale,
  url,
  wholeNumber,
} from "./config-values.ts";
import { type FunctionName, HTTP_FUNCTIONS } from "./functions.ts";

export interface Config {
  readonly port: number;
  /** The commit that somebody who runs sources without a git repository names; null for git's. */
  readonly commit: string | null;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** Of the SMTP door of `npm start`; 0 for none. */
  readonly smtpPort: { readonly port: number; readonly given: boolean };
  readonly store: "embedded" | "google";
  readonly dataDir: string;
  /** The Google Cloud project and, in tests, the emulators of its services. Null on the embedded store. */
  readonly cloud: {
    readonly projectId: string;
    /** Id of the Firestore database. */
    readonly database: string;
    /** Begins the names of topics and secrets; empty for none. */
    readonly prefix: string;
    /** Where new secrets are stored. */
    readonly secretPlaces: SecretPlaces;
    readonly firestoreEmulator: string | null;
    readonly pubsubEmulator: string | null;
    readonly secretManagerEmulator: string | null;
    /** Where refresh tokens are kept: in Secret Manager, or sealed among the records. */
    readonly refreshTokens: "secrets" | "sealed";
  } | null;
  /** Where documents of Trigger Email are; null on the embedded store unless there is an emulator of Firestore. */
  readonly documentStore: { readonly projectId: string; readonly emulator: string | null } | null;
  /** Null if no document is taken. */
  readonly documents: DocumentSettings | null;
  readonly google: {
    readonly issuer: string;
    readonly authorizationEndpoint: string;
    readonly tokenEndpoint: string;
    readonly revocationEndpoint: string;
    readonly jwksUri: string;
    readonly riscConfiguration: string;
  };
  readonly gmail: {
    readonly smtpHost: string;
    readonly smtpPort: number;
    readonly smtpSecurity: "tls" | "starttls";
    /** PEM text of the CA to trust instead of the system's; null means the system's. */
    readonly smtpCa: string | null;
    /** Without a trailing slash. */
    readonly apiRootUrl: string;
  };
  readonly setupToken: Secret | null;
  readonly operators: readonly string[];
  readonly members: readonly string[];
  readonly callers: readonly string[];
  readonly retentionDays: number;
  readonly timeScale: number;
  /** The name of this Cloud Run service; null if not on Google Cloud. */
  readonly service: string | null;
  /** The service account of Pub/Sub's pushes to this function; null if unknown or if there are none. */
  readonly pushAccount: string | null;
  /** True on Google Cloud, where `K_SERVICE` is set. */
  readonly production: boolean;
}

/** Google's own values (accounts.google.com/.well-known/openid-configuration and /.well-known/risc-configuration). */
export const REAL_GOOGLE = {
  GOOGLE_ISSUER: "https://accounts.google.com",
  GOOGLE_AUTHORIZATION_ENDPOINT: "https://accounts.google.com/o/oauth2/v2/auth",
  GOOGLE_TOKEN_ENDPOINT: "https://oauth2.googleapis.com/token",
  GOOGLE_REVOCATION_ENDPOINT: "https://oauth2.googleapis.com/revoke",
  GOOGLE_JWKS_URI: "https://www.googleapis.com/oauth2/v3/certs",
  GOOGLE_RISC_CONFIGURATION: "https://accounts.google.com/.well-known/risc-configuration",
  GMAIL_API_ROOT_URL: "https://gmail.googleapis.com",
  GMAIL_SMTP_HOST: "smtp.gmail.com",
} as const;

/**
 * The text of a PEM file. It must contain a certificate, so that a wrong path fails the start, not the first message.
 */
const pemFile = shape(() =>
  z.string().transform((path, context) => {
    try {
      const pem = readFileSync(path, "utf8");
      new X509Certificate(pem);
      return pem;
    } catch {
      context.addIssue({
        code: "custom",
        message: "must be the path of a readable PEM file that contains a certificate",
      });
      return z.NEVER;
    }
  }),
);

/** A variable: the shape that it must have if it is set, and its value if it is not. */
const variable = <S extends z.ZodType, const D>(shape: () => S, unset: D) => ({ shape, unset });

const VARIABLES = {
  PORT: variable(port, 8080),
  K_SERVICE: variable(anyText, undefined),
  RELAIS_COMMIT: variable(commitName, undefined),
  RELAIS_PUBLIC_URL: variable(publicOrigin, undefined),
  RELAIS_SMTP_PORT: variable(wholeNumber(0, 65_535), undefined),
  RELAIS_STORE: variable(store, undefined),
  RELAIS_DATA_DIR: variable(anyText, ".relais"),
  RELAIS_ALLOW_EMULATORS: variable(flag, undefined),
  GOOGLE_CLOUD_PROJECT: variable(anyText, undefined),
  RELAIS_DATABASE: variable(databaseId, DEFAULT_DATABASE),
  RELAIS_PREFIX: variable(namePrefix, ""),
  RELAIS_SECRET_LOCATIONS: variable(regionList, []),
  RELAIS_SECRET_KMS: variable(kmsKeyList, []),
  FIRESTORE_EMULATOR_HOST: variable(anyText, undefined),
  PUBSUB_EMULATOR_HOST: variable(anyText, undefined),
  SECRET_MANAGER_EMULATOR_HOST: variable(anyText, undefined),
  GOOGLE_ISSUER: variable(rootUrl, REAL_GOOGLE.GOOGLE_ISSUER),
  GOOGLE_AUTHORIZATION_ENDPOINT: variable(url, REAL_GOOGLE.GOOGLE_AUTHORIZATION_ENDPOINT),
  GOOGLE_TOKEN_ENDPOINT: variable(url, REAL_GOOGLE.GOOGLE_TOKEN_ENDPOINT),
  GOOGLE_REVOCATION_ENDPOINT: variable(url, REAL_GOOGLE.GOOGLE_REVOCATION_ENDPOINT),
  GOOGLE_JWKS_URI: variable(url, REAL_GOOGLE.GOOGLE_JWKS_URI),
  GOOGLE_RISC_CONFIGURATION: variable(url, REAL_GOOGLE.GOOGLE_RISC_CONFIGURATION),
  GMAIL_SMTP_HOST: variable(hostName, REAL_GOOGLE.GMAIL_SMTP_HOST),
  GMAIL_SMTP_PORT: variable(port, undefined),
  GMAIL_SMTP_SECURITY: variable(smtpSecurity, "tls"),
  GMAIL_SMTP_CA: variable(pemFile, undefined),
  GMAIL_API_ROOT_URL: variable(rootUrl, REAL_GOOGLE.GMAIL_API_ROOT_URL),
  RELAIS_SETUP_TOKEN: variable(secretText, undefined),
  RELAIS_OPERATORS: variable(addressList, []),
  RELAIS_MEMBERS: variable(addressList, []),
  RELAIS_CALLERS: variable(addressList, []),
  RELAIS_RETENTION_DAYS: variable(wholeNumber(1, 3650), 30),
  RELAIS_REFRESH_TOKENS: variable(refreshTokens, "secrets"),
  RELAIS_TIME_SCALE: variable(timeScale, 1),
  RELAIS_PUSH_ACCOUNT: variable(serviceAccount, undefined),
  // Other programs have variables of such names, so these are looked at only if documents are taken.
  RELAIS_DOCUMENTS: variable(anyText, undefined),
  MAIL_COLLECTION: variable(anyText, undefined),
  DATABASE: variable(anyText, undefined),
  USERS_COLLECTION: variable(anyText, undefined),
  TEMPLATES_COLLECTION: variable(anyText, undefined),
  DEFAULT_FROM: variable(anyText, undefined),
  DEFAULT_REPLY_TO: variable(anyText, undefined),
  TTL_EXPIRE_TYPE: variable(anyText, undefined),
  TTL_EXPIRE_VALUE: variable(anyText, undefined),
} as const;
type Values = {
  readonly [K in keyof typeof VARIABLES]:
    | z.output<ReturnType<(typeof VARIABLES)[K]["shape"]>>
    | (typeof VARIABLES)[K]["unset"];
};

/**
 * Which deployed functions get a variable from infra/ (a test compares): `all`, those named, or `none`, for a variable
 * that the platform sets or that is meant for laptops and tests.
 */
export const DEPLOYED_TO: Readonly<Record<keyof Values, "all" | "none" | readonly FunctionName[]>> = {
  PORT: "none",
  K_SERVICE: "none",
  // The build has written it into the bundle.
  RELAIS_COMMIT: "none",
  RELAIS_PUBLIC_URL: "all",
  RELAIS_SMTP_PORT: "none",
  RELAIS_STORE: "all",
  RELAIS_DATA_DIR: "none",
  RELAIS_ALLOW_EMULATORS: "none",
  GOOGLE_CLOUD_PROJECT: "all",
  RELAIS_DATABASE: "all",
  RELAIS_PREFIX: "all",
  // The functions that make secrets.
  RELAIS_SECRET_LOCATIONS: ["confirm-callback", "refresh-tokens"],
  RELAIS_SECRET_KMS: ["confirm-callback", "refresh-tokens"],
  FIRESTORE_EMULATOR_HOST: "none",
  PUBSUB_EMULATOR_HOST: "none",
  SECRET_MANAGER_EMULATOR_HOST: "none",
  GOOGLE_ISSUER: "none",
  GOOGLE_AUTHORIZATION_ENDPOINT: "none",
  GOOGLE_TOKEN_ENDPOINT: "none",
  GOOGLE_REVOCATION_ENDPOINT: "none",
  GOOGLE_JWKS_URI: "none",
  GOOGLE_RISC_CONFIGURATION: "none",
  GMAIL_SMTP_HOST: "none",
  GMAIL_SMTP_PORT: "none",
  GMAIL_SMTP_SECURITY: "none",
  GMAIL_SMTP_CA: "none",
  GMAIL_API_ROOT_URL: "none",
  // The functions where the token acts as an operator; the callback knows people by their session only.
  RELAIS_SETUP_TOKEN: ["authorize-start", "mail-servers", "send-mail"],
  // The functions that people and programs call must know who is admitted.
  RELAIS_OPERATORS: HTTP_FUNCTIONS,
  RELAIS_MEMBERS: HTTP_FUNCTIONS,
  RELAIS_CALLERS: HTTP_FUNCTIONS,
  // The functions that finish messages, and the one that shows the settings.
  RELAIS_RETENTION_DAYS: ["mail-servers", "send-mail", "deliver-mail", "dispatch-due"],
  // The functions that may store a refresh token, and the one that moves them.
  RELAIS_REFRESH_TOKENS: ["confirm-callback", "mail-servers", "deliver-mail", "refresh-tokens"],
  RELAIS_TIME_SCALE: "none",
  RELAIS_PUSH_ACCOUNT: ["deliver-mail", "refresh-tokens", "dispatch-due", "mail-documents"],
  RELAIS_DOCUMENTS: ["mail-documents"],
  // The extension's name for the same.
  MAIL_COLLECTION: "none",
  DATABASE: ["mail-documents"],
  USERS_COLLECTION: ["mail-documents"],
  TEMPLATES_COLLECTION: ["mail-documents"],
  DEFAULT_FROM: ["mail-documents"],
  DEFAULT_REPLY_TO: ["mail-documents"],
  TTL_EXPIRE_TYPE: ["mail-documents"],
  TTL_EXPIRE_VALUE: ["mail-documents"],
};

/** Our own emulator variables, and any other that one of Google's libraries may obey on its own. */
const EMULATOR = /_EMULATOR_(HOST|HUB)$/;

const isSet = (env: Environment, name: string): boolean => (env[name] ?? "") !== "";

/** On a laptop, the token opens only what that laptop can reach; elsewhere, whoever guesses it becomes an operator. */
const SHORTEST_SETUP_TOKEN = 20;

const PEOPLE = ["RELAIS_OPERATORS", "RELAIS_MEMBERS", "RELAIS_CALLERS"] as const;

/** The domains in a list of people; null for an entry that is not a domain, which the schema reports. */
const domainsIn = (list: string | undefined): readonly (string | null)[] =>
  (list ?? "").split(",").map((entry) => (entry.trim().startsWith("@") ? parseAddressOrDomain(entry.trim()) : null));

/** Whether checking this environment needs the Public Suffix List. */
export const listsDomains = (env: Environment): boolean =>
  PEOPLE.some((name) => domainsIn(env[name]).some((domain) => domain !== null));

const sharedDomains = (env: Environment, isPublicSuffix: IsPublicSuffix): string[] =>
  PEOPLE.flatMap((name) =>
    domainsIn(env[name])
      .filter((domain) => domain !== null && isSharedDomain(domain, isPublicSuffix))
      .map((domain) => `${name} must not list ${domain}: anyone can get an address there`),
  );

/**
 * Finds mistakes that no single variable shows. It looks only at variables that are set, so that it can run even if the
 * schema has found mistakes too.
 */
const conflicts = (
  env: Environment,
  { standIns = false, laptop = false, isPublicSuffix = () => false }: LoadOptions,
): string[] => {
  const mistakes: string[] = [];
  const inCloud = isSet(env, "K_SERVICE");
  const google = env.RELAIS_STORE === "google" || (inCloud && !isSet(env, "RELAIS_STORE"));
  if (inCloud && env.RELAIS_ALLOW_EMULATORS !== "1")
    for (const name of Object.keys(env).filter((variable) => EMULATOR.test(variable) && isSet(env, variable)))
      mistakes.push(
        `${name} must not be set on Google Cloud (K_SERVICE is set; only a test sets RELAIS_ALLOW_EMULATORS=1)`,
      );
  // Relais ignores it, but whoever sets it expects to reach a server of their own, and must learn why that fails.
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === "0" && env.RELAIS_ALLOW_EMULATORS !== "1")
    mistakes.push(
      "NODE_TLS_REJECT_UNAUTHORIZED must not be 0: TLS certificates are always verified (to trust an authority of your own, set GMAIL_SMTP_CA or NODE_EXTRA_CA_CERTS)",
    );
  if (google && !isSet(env, "GOOGLE_CLOUD_PROJECT"))
    mistakes.push("GOOGLE_CLOUD_PROJECT is required with RELAIS_STORE=google");
  if (inCloud && !isSet(env, "RELAIS_PUBLIC_URL"))
    mistakes.push("RELAIS_PUBLIC_URL is required on Google Cloud: set it to the https origin that browsers use");
  if (!laptop && isSet(env, "RELAIS_SETUP_TOKEN") && (env.RELAIS_SETUP_TOKEN ?? "").length < SHORTEST_SETUP_TOKEN)
    mistakes.push(`RELAIS_SETUP_TOKEN must have at least ${SHORTEST_SETUP_TOKEN} characters`);
  mistakes.push(...documentMistakes(env, { google }), ...sharedDomains(env, isPublicSuffix));
  if (isSet(env, "RELAIS_TIME_SCALE") && env.RELAIS_TIME_SCALE !== "1" && !standIns && usesRealGoogle(env))
    mistakes.push("RELAIS_TIME_SCALE must be unset or 1 with the real Google, whose clock cannot be scaled");
  return mistakes;
};

/**
 * Where grants and mail go. If only one of them is Google's own, a mixed setup could get real tokens or send real mail.
 */
const GRANT_AND_MAIL_TARGETS = ["GOOGLE_AUTHORIZATION_ENDPOINT", "GOOGLE_TOKEN_ENDPOINT", "GMAIL_SMTP_HOST"] as const;

export const usesRealGoogle = (env: Environment): boolean =>
  GRANT_AND_MAIL_TARGETS.some((name) => !isSet(env, name) || hostOf(env[name] ?? "") === hostOf(REAL_GOOGLE[name]));

const hostOf = (text: string): string => (URL.canParse(text) ? new URL(text).hostname : text).toLowerCase();

export interface LoadOptions {
  /** Endpoints that are not set yet will be those of stand-ins, which are known only once they run. */
  readonly standIns?: boolean;
  /** `npm start`, which only this machine can reach, and commands, which nobody can reach. */
  readonly laptop?: boolean;
  /** Required if `listsDomains`; without it, public suffixes are accepted. */
  readonly isPublicSuffix?: IsPublicSuffix;
}

/** Google refuses a secret with keys for some of its places only. */
const keysElsewhere = (values: Values): readonly string[] => {
  const [locations, keys] = [values.RELAIS_SECRET_LOCATIONS, values.RELAIS_SECRET_KMS];
  const places = locations.length === 0 ? ["global"] : locations;
  const fits = keys.length === 0 || keys.map(locationOfKey).toSorted().join() === places.toSorted().join();
  return fits ? [] : [`RELAIS_SECRET_KMS must name one key in each of: ${places.join(", ")}`];
};

const cloudOf = (values: Values): Config["cloud"] => ({
  projectId: values.GOOGLE_CLOUD_PROJECT ?? "",
  database: values.RELAIS_DATABASE,
  prefix: values.RELAIS_PREFIX,
  secretPlaces: { locations: values.RELAIS_SECRET_LOCATIONS, kmsKeys: values.RELAIS_SECRET_KMS },
  firestoreEmulator: values.FIRESTORE_EMULATOR_HOST ?? null,
  pubsubEmulator: values.PUBSUB_EMULATOR_HOST ?? null,
  secretManagerEmulator: values.SECRET_MANAGER_EMULATOR_HOST ?? null,
  refreshTokens: values.RELAIS_REFRESH_TOKENS,
});

/** On a laptop documents are those of an emulator: its projects need not exist, and their names begin with `demo-`. */
const documentStoreOf = (values: Values, store: Config["store"]): Config["documentStore"] => {
  const emulator = values.FIRESTORE_EMULATOR_HOST ?? null;
  if (store === "google") return { projectId: values.GOOGLE_CLOUD_PROJECT ?? "", emulator };
  return emulator === null ? null : { projectId: values.GOOGLE_CLOUD_PROJECT ?? "demo-relais", emulator };
};

const DEFAULT_SMTP_PORT = 2525;

const toConfig = (values: Values): Config => {
  const production = values.K_SERVICE !== undefined;
  const store = values.RELAIS_STORE ?? (production ? "google" : "embedded");
  return {
    port: values.PORT,
    commit: values.RELAIS_COMMIT ?? null,
    publicUrl: values.RELAIS_PUBLIC_URL ?? `http://localhost:${values.PORT}`,
    smtpPort: {
      port: values.RELAIS_SMTP_PORT ?? DEFAULT_SMTP_PORT,
      given: values.RELAIS_SMTP_PORT !== undefined,
    },
    store,
    dataDir: values.RELAIS_DATA_DIR,
    cloud: store === "google" ? cloudOf(values) : null,
    documentStore: documentStoreOf(values, store),
    documents: documentSettings(values),
    google: {
      issuer: values.GOOGLE_ISSUER,
      authorizationEndpoint: values.GOOGLE_AUTHORIZATION_ENDPOINT,
      tokenEndpoint: values.GOOGLE_TOKEN_ENDPOINT,
      revocationEndpoint: values.GOOGLE_REVOCATION_ENDPOINT,
      jwksUri: values.GOOGLE_JWKS_URI,
      riscConfiguration: values.GOOGLE_RISC_CONFIGURATION,
    },
    gmail: {
      smtpHost: values.GMAIL_SMTP_HOST,
      smtpPort: values.GMAIL_SMTP_PORT ?? (values.GMAIL_SMTP_SECURITY === "tls" ? 465 : 587),
      smtpSecurity: values.GMAIL_SMTP_SECURITY,
      smtpCa: values.GMAIL_SMTP_CA ?? null,
      apiRootUrl: values.GMAIL_API_ROOT_URL,
    },
    setupToken: values.RELAIS_SETUP_TOKEN === undefined ? null : new Secret(values.RELAIS_SETUP_TOKEN),
    operators: values.RELAIS_OPERATORS,
    members: values.RELAIS_MEMBERS,
    callers: values.RELAIS_CALLERS,
    retentionDays: values.RELAIS_RETENTION_DAYS,
    timeScale: values.RELAIS_TIME_SCALE,
    service: values.K_SERVICE ?? null,
    pushAccount: values.RELAIS_PUSH_ACCOUNT ?? null,
    production,
  };
};

/** Parses each variable by itself. The values are complete if there are no mistakes. */
const parse = (given: Environment): { readonly values: Values; readonly mistakes: string[] } => {
  const mistakes: string[] = [];
  const entries = Object.entries(VARIABLES).map(([name, { shape, unset }]) => {
    const parsed = given[name] === undefined ? undefined : shape().safeParse(given[name]);
    mistakes.push(...(parsed?.error?.issues ?? []).map(({ message }) => `${name} ${message}`));
    return [name, parsed === undefined ? unset : parsed.data];
  });
  return { values: Object.fromEntries(entries), mistakes };
};

/**
 * Reads the configuration from an environment, where an empty variable counts as unset, and from the file that
 * `GMAIL_SMTP_CA` names. Throws one `ConfigError` with all mistakes.
 */
export const loadConfig = (env: Environment, options: LoadOptions = {}): Config => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const { values, mistakes } = parse(given);
  if (mistakes.length === 0) mistakes.push(...keysElsewhere(values));
  mistakes.push(...conflicts(given, options));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return toConfig(values);
};
