import { operatorAlerts } from "../../functions/domain/alerts/tell-operators.ts";
import { THIS_BUILD } from "../../functions/domain/build.ts";
import { leavingLaterAlone } from "../../functions/domain/later-records.ts";
import type { Log } from "../../functions/domain/log.ts";
import type { ComposeMime } from "../../functions/domain/messages/ports.ts";
import { teller } from "../../functions/domain/notices/tell.ts";
import type { Publisher } from "../../functions/domain/publisher.ts";
import { RecordChanges, tellingChanges } from "../../functions/domain/record-changes.ts";
import type { Records } from "../../functions/domain/records.ts";
import type { SecretVault } from "../../functions/domain/secret-vault.ts";
import { announcer } from "../../functions/runtime/announce.ts";
import type { Config } from "../../functions/runtime/config.ts";
import type { System } from "../../functions/runtime/system.ts";
import { UNDERSTANDS } from "../../functions/runtime/understands.ts";
import { noDocuments, noteNothing } from "../builders/no-documents.ts";
import type { Chance } from "./chance.ts";
import type { Gmail } from "./gmail.ts";
import type { Google } from "./google.ts";
import type { MemoryRecords } from "./memory-records.ts";
import { plainSealer } from "./plain-sealer.ts";
import type { Process } from "./process.ts";

/** What all processes of a world share. */
export interface Shared {
  readonly chance: Chance;
  readonly records: MemoryRecords;
  readonly vault: SecretVault;
  readonly publisher: Publisher;
  readonly google: Google;
  readonly gmail: Gmail;
  readonly log: Log;
  readonly retentionDays: number;
}

/** The settings of the environment; only `store` and the lists matter here. */
const config = (retentionDays: number): Config => ({
  port: 0,
  commit: null,
  smtpPort: { port: 0, given: false },
  publicUrl: "https://relais.example.com",
  store: "google",
  dataDir: "",
  cloud: null,
  documentStore: null,
  documents: null,
  google: {
    issuer: "",
    authorizationEndpoint: "",
    tokenEndpoint: "",
    revocationEndpoint: "",
    jwksUri: "",
    riscConfiguration: "",
  },
  gmail: { smtpHost: "", smtpPort: 0, smtpSecurity: "tls", smtpCa: null, apiRootUrl: "" },
  setupToken: null,
  operators: ["olga@example.com"],
  members: [],
  callers: [],
  retentionDays,
  timeScale: 1,
  service: null,
  pushAccount: null,
  production: true,
});

const recordsOf = (process: Process, records: MemoryRecords): Records => ({
  get: (kind, id) => process.call("store", () => records.read(kind, id)),
  commit: (writes) => process.call("store", () => records.write(writes)),
  query: (name, args, page) => process.call("store", () => records.find(name, args, page)),
});

const vaultOf = (process: Process, vault: SecretVault): SecretVault => ({
  home: () => process.call("vault", () => vault.home()),
  add: (name, value, replaces) => process.call("vault", () => vault.add(name, value, replaces)),
  read: (name, version) => process.call("vault", () => vault.read(name, version)),
  destroy: (name, version) => process.call("vault", () => vault.destroy(name, version)),
  remove: (name) => process.call("vault", () => vault.remove(name)),
  versions: (name) => process.call("vault", () => vault.versions(name)),
});

/** Composing is no I/O and takes a millisecond with the real library, so what is sent is only named. */
const composeMime: ComposeMime = async ({ messageId }) => Buffer.from(`Message-ID: ${messageId}\r\n\r\n`);

/** Composes a process's system as `runtime/compose.ts` does, on the simulated adapters. */
export const systemOf = (process: Process, shared: Shared): System => {
  const { chance: random, log, retentionDays } = shared;
  const basics = { build: THIS_BUILD, config: config(retentionDays), clock: process.clock, random, log };
  const { operators, members, callers, publicUrl } = basics.config;
  const environment = { operators, members, callers, retentionDays, publicUrl, smtpDoor: null };
  const changes = new RecordChanges();
  const understood = leavingLaterAlone(recordsOf(process, shared.records), { log, understands: UNDERSTANDS });
  const storage = {
    records: tellingChanges(understood, changes),
    vault: vaultOf(process, shared.vault),
    sealer: plainSealer,
    publisher: {
      publish: (topic, message) => process.call("queue", () => shared.publisher.publish(topic, message)),
    } satisfies Publisher,
    addShards: async () => 0,
  };
  const alert = operatorAlerts({ ...basics, ...storage, environment });
  const announce = announcer({ ...basics, ...storage, publicUrl, noteDelivery: noteNothing });
  return {
    ...basics,
    environment,
    ...storage,
    documents: noDocuments,
    deliversAlone: false,
    changes,
    alert,
    announce,
    tell: teller({ ...basics, ...storage, alert, announce }),
    oauth: shared.google.for(process),
    securityEventTokens: {
      prove: async (token) => ({ ok: true, proven: JSON.parse(token) }),
    },
    transports: {
      smtp: shared.gmail.transport("smtp", process),
      gmail_api: shared.gmail.transport("gmail_api", process),
    },
    gmailAccount: shared.gmail.account(process),
    composeMime,
    offersSmtpUtf8: async () => true,
  };
};
