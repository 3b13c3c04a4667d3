import { join } from "node:path";
import type { Alert } from "../domain/alerts/operator-alert.ts";
import { type Build, THIS_BUILD } from "../domain/build.ts";
import type { Clock } from "../domain/clock.ts";
import type { DocumentDelivery } from "../domain/document-delivery.ts";
import type { MailDocuments } from "../domain/documents/mail-documents.ts";
import { leavingLaterAlone } from "../domain/later-records.ts";
import type { Log } from "../domain/log.ts";
import { teller } from "../domain/notices/tell.ts";
import { Unavailable } from "../domain/problem.ts";
import type { Randomness } from "../domain/randomness.ts";
import { RecordChanges, tellingChanges } from "../domain/record-changes.ts";
import type { EnvironmentSettings } from "../domain/settings/settings.ts";
import { announcer } from "./announce.ts";
import { carryingTrace } from "./carry-trace.ts";
import { type Config, REAL_GOOGLE } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { lazyPort, once } from "./lazy.ts";
import { verifyTlsInLibraries } from "./library-tls.ts";
import { jsonLogger } from "./logger.ts";
import { currentPatience } from "./patience.ts";
import { systemRandom } from "./randomness.ts";
import type { System } from "./system.ts";
import { systemClock } from "./system-clock.ts";
import { UNDERSTANDS } from "./understands.ts";

/** The parts that exist from the start, before anything is loaded. */
interface Basics {
  readonly build: Build;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly log: Log;
}

type Storage = Pick<System, "records" | "vault" | "sealer" | "publisher" | "addShards">;

/** Opens the embedded store once; `npm start` also pumps its queue and closes it. */
export const openEmbedded = ({ config, clock, random }: Pick<Basics, "config" | "clock" | "random">) =>
  once(async () => {
    const [{ openSqliteStore }, { sealingKeyFile }, { jweSealer }] = await Promise.all([
      import("../adapters/sqlite/open.ts"),
      import("../adapters/sealing/key-file.ts"),
      import("../adapters/sealing/jwe-sealer.ts"),
    ]);
    const sealer = jweSealer({ current: await sealingKeyFile(random, config.dataDir) });
    const store = openSqliteStore({
      path: join(config.dataDir, "relais.sqlite"),
      clock,
      random,
      sealer,
      patience: () => currentPatience(clock),
    });
    return { ...store, sealer };
  });
export type OpenEmbedded = ReturnType<typeof openEmbedded>;

const embeddedStorage = (open: () => Promise<Omit<Storage, "addShards">>): Storage => ({
  records: lazyPort(async () => (await open()).records),
  vault: lazyPort(async () => (await open()).vault),
  sealer: lazyPort(async () => (await open()).sealer),
  publisher: lazyPort(async () => (await open()).publisher),
  addShards: async () => 0,
});

/**
 * The store on Google Cloud. Its clients are loaded at the first call that needs them, so a request that the edge
 * refuses waits for none.
 */
const googleStorage = ({ config: { cloud }, clock, random, log }: Basics): Storage => {
  if (cloud === null) throw new ConfigError(["RELAIS_STORE=google needs GOOGLE_CLOUD_PROJECT"]);
  const { projectId, prefix, firestoreEmulator, pubsubEmulator, secretManagerEmulator, refreshTokens } = cloud;
  const google = once(async () => {
    const { openGoogleCloud } = await import("../adapters/google-cloud/open.ts");
    const place = { projectId, prefix, database: cloud.database, firestoreEmulator, pubsubEmulator };
    return openGoogleCloud({ ...place, clock, random, patience: () => currentPatience(clock) });
  });
  const records = lazyPort(async () => (await google()).records);
  const secrets = once(async () => {
    const [{ openSecrets }, { makeCalls }] = await Promise.all([
      import("../adapters/secret-manager/open.ts"),
      google(),
    ]);
    const understood = leavingLaterAlone(records, { log, understands: UNDERSTANDS });
    const place = { projectId, prefix, places: cloud.secretPlaces, standInHost: secretManagerEmulator, refreshTokens };
    return openSecrets({ ...place, calls: makeCalls(), clock, random, records: understood });
  });
  return {
    records,
    addShards: async (untilMs) => (await google()).addShards(untilMs),
    vault: lazyPort(async () => (await secrets()).vault),
    sealer: lazyPort(async () => (await secrets()).sealer),
    publisher: lazyPort(async () => (await google()).publisher),
  };
};

/**
 * The application's documents, through a client of their own: they may be in another database, and an outage there says
 * nothing about the store.
 */
const mailDocuments = ({ config: { documentStore }, clock, random }: Basics): MailDocuments =>
  lazyPort(async () => {
    if (documentStore === null)
      throw new Unavailable("reach the documents", { cause: new Error("FIRESTORE_EMULATOR_HOST is not set") });
    const { projectId, emulator } = documentStore;
    const [{ firestoreMailDocuments }, { openDatabase }, { googleCalls }] = await Promise.all([
      import("../adapters/firestore/mail-documents.ts"),
      import("../adapters/firestore/database.ts"),
      import("../adapters/google-cloud/google-calls.ts"),
    ]);
    const opened = new Map<string, ReturnType<typeof openDatabase>>();
    const database = (id: string) => {
      const known = opened.get(id) ?? openDatabase(projectId, emulator, id);
      opened.set(id, known);
      return known;
    };
    const calls = googleCalls({ clock, random, patience: () => currentPatience(clock) });
    return firestoreMailDocuments({ calls, database });
  });

type MailPorts = Pick<System, "transports" | "gmailAccount" | "composeMime" | "offersSmtpUtf8">;

const mailPorts = ({ config, clock }: Basics): MailPorts => {
  const api = { rootUrl: config.gmail.apiRootUrl };
  const { smtpHost, smtpPort, smtpSecurity, smtpCa } = config.gmail;
  const endpoint = { host: smtpHost, port: smtpPort, security: smtpSecurity, ca: smtpCa };
  const mime = once(() => import("../adapters/nodemailer/compose-mime.ts"));
  return {
    transports: {
      smtp: lazyPort(async () => {
        const { GmailSmtpTransport } = await import("../adapters/gmail-smtp/smtp-transport.ts");
        return new GmailSmtpTransport(clock, endpoint);
      }),
      gmail_api: lazyPort(async () => {
        const { GmailApiTransport } = await import("../adapters/gmail-api/gmail-transport.ts");
        return new GmailApiTransport(clock, api);
      }),
    },
    gmailAccount: lazyPort(async () => {
      const { GmailApiAccount } = await import("../adapters/gmail-api/gmail-account.ts");
      return new GmailApiAccount(clock, api);
    }),
    composeMime: async (mail) => (await mime()).composeMime(mail),
    offersSmtpUtf8: async () =>
      // Gmail's EHLO offers it, so there is no need to ask.
      smtpHost === REAL_GOOGLE.GMAIL_SMTP_HOST ||
      (await import("../adapters/gmail-smtp/offers-smtp-utf8.ts")).offersSmtpUtf8(clock, endpoint),
  };
};

export interface ComposeOptions {
  /** Names this process in its log lines. */
  readonly component: string;
  /** Where it runs from its sources, which `THIS_BUILD` knows nothing of. */
  readonly build?: Build;
  readonly write?: (line: string) => void;
  /** Set by `npm start` only, where all functions of the process share one store. */
  readonly embedded?: OpenEmbedded;
  /** Whether no other process delivers mail of this store; false where not said. */
  readonly deliversAlone?: boolean;
  readonly smtpDoor?: EnvironmentSettings["smtpDoor"];
  readonly sandbox?: EnvironmentSettings["sandbox"];
  readonly log?: Log;
}

const toStdout = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/**
 * Builds the system. This is the only place that knows which adapter implements a port. Nothing is loaded or connected
 * before a port's first call.
 */
export const compose = (config: Config, options: ComposeOptions): System => {
  verifyTlsInLibraries();
  const clock = systemClock(config.timeScale);
  const random = systemRandom;
  const build = options.build ?? THIS_BUILD;
  const log =
    options.log ??
    jsonLogger({
      write: options.write ?? toStdout,
      nowMs: clock.nowMs,
      component: options.component,
      build,
      projectId: config.cloud?.projectId ?? null,
    });
  const basics: Basics = { build, config, clock, random, log };
  const stored =
    config.store === "google" ? googleStorage(basics) : embeddedStorage(options.embedded ?? openEmbedded(basics));
  const changes = new RecordChanges();
  const understood = leavingLaterAlone(stored.records, { log, understands: UNDERSTANDS });
  const publisher = carryingTrace(stored.publisher);
  const storage = { ...stored, publisher, records: tellingChanges(understood, changes) };
  const { operators, members, callers, retentionDays, publicUrl } = config;
  // Loaded only when there is something to tell, because it brings the texts and everything that accepts a message.
  const alerting = once(() => import("../domain/alerts/tell-operators.ts"));
  const { smtpDoor = null, sandbox = null } = options;
  const environment = { operators, members, callers, retentionDays, publicUrl, smtpDoor, sandbox };
  const alert: Alert = async (alert) =>
    (await alerting()).operatorAlerts({ ...basics, ...storage, environment })(alert);
  const documents = mailDocuments(basics);
  // Loaded only for messages that came from a document.
  const noting = once(() => import("../domain/documents/note-delivery.ts"));
  const noteDelivery = async (delivery: DocumentDelivery): Promise<void> =>
    (await noting()).noteDelivery({ ...basics, documents }, delivery);
  const announce = announcer({ ...basics, ...storage, publicUrl, noteDelivery });
  return {
    ...basics,
    environment,
    ...storage,
    documents,
    deliversAlone: options.deliversAlone ?? false,
    changes,
    alert,
    announce,
    tell: teller({ ...basics, ...storage, alert, announce }),
    oauth: lazyPort(async () => (await import("../adapters/google-oauth/google-oauth.ts")).googleOAuth(config, clock)),
    securityEventTokens: lazyPort(async () => {
      const { securityEventTokens } = await import("../adapters/google-oauth/security-event-tokens.ts");
      return securityEventTokens(clock, config.google.riscConfiguration);
    }),
    ...mailPorts(basics),
  };
};
