import type { CostFacts, MailCost } from "./facts.ts";

const DAYS = 30;
const GIB = 2 ** 30;
const TIB = 2 ** 40;
/** Two ticks: each minute and every five. */
const MINUTES = DAYS * 24 * 60;
const CHECK_TICKS = MINUTES / 5;
/** With fewer mails than one a minute, an instance has ended before the next mail. */
const LONE_BELOW = MINUTES;

/** What nothing measures: said on the page, and easy to replace. */
export const ASSUMED = {
  /** How long a request takes; Cloud Run rounds up to 0.1 s. */
  acceptS: 0.1,
  deliverS: 1,
  /** A finished message's record with its index entries, for 30 days. */
  storedBytesAMail: 8_000,
  /** Lines of Relais and of Cloud Run. */
  loggedBytesAMail: 3_000,
  /** A tick that finds nothing reads as many queries as it makes. */
  readsADispatch: 3,
  readsACheckTick: 3,
} as const;

export interface Month {
  readonly mails: number;
  readonly mailboxes: number;
  readonly tokens: "secrets" | "sealed";
}

export interface Bill {
  readonly firestore: number;
  readonly pubsub: number;
  /** From many requests that share an instance, and wait for Gmail in it together, to each alone in one. */
  readonly cloudRun: readonly [number, number];
  readonly secretManager: number;
  readonly logging: number;
  readonly total: readonly [number, number];
}

const beyond = (used: number, free: number): number => Math.max(0, used - free);

/** The access tokens that Google is asked for: for mail at most one an hour and mailbox, and one for each check. */
const mints = ({ mails, mailboxes }: Month): number => Math.min(mails, mailboxes * DAYS * 24) + mailboxes * DAYS;

const firestoreBill = ({ prices, check }: CostFacts, month: Month, mail: MailCost): number => {
  const { firestore: price } = prices;
  const { mails, mailboxes, tokens } = month;
  const checks = mailboxes * DAYS;
  const ofSealed = tokens === "sealed" ? mints(month) : 0;
  // Each day a walk looks where every mailbox's token is.
  const ticks = MINUTES * ASSUMED.readsADispatch + CHECK_TICKS * ASSUMED.readsACheckTick + checks;
  const reads = mails * mail.reads + checks * check.reads + ticks + ofSealed;
  const writes = mails * mail.writes + checks * check.writes;
  // The TTL policy erases each record, and its deletions are never free.
  const deletes = beyond(mails * mail.deletes, DAYS * price.freeDeletesADay) + mails;
  const storedGiB = (mails * ASSUMED.storedBytesAMail) / GIB;
  return (
    (beyond(reads, DAYS * price.freeReadsADay) * price.readsPer100k) / 1e5 +
    (beyond(writes, DAYS * price.freeWritesADay) * price.writesPer100k) / 1e5 +
    (deletes * price.deletesPer100k) / 1e5 +
    beyond(storedGiB, price.freeStoredGiB) * price.storedGiBMonth
  );
};

/** For a mail: publish and push on `mail-send`, publish on `mail-events`. For a check or a tick: publish and push. */
const pubsubBill = ({ prices: { pubsub } }: CostFacts, { mails, mailboxes }: Month): number => {
  const requests = mails * 3 + (mailboxes * DAYS + MINUTES + CHECK_TICKS) * 2;
  return (beyond(requests * pubsub.leastBytesARequest, pubsub.freeGiB * GIB) / TIB) * pubsub.perTiB;
};

const cloudRunBill = (
  { prices: { cloudRun: price } }: CostFacts,
  requests: number,
  { vcpuSeconds, gibSeconds }: { readonly vcpuSeconds: number; readonly gibSeconds: number },
): number =>
  beyond(vcpuSeconds, price.freeVcpuSeconds) * price.perVcpuSecond +
  beyond(gibSeconds, price.freeGiBSeconds) * price.perGiBSecond +
  (beyond(requests, price.freeRequests) * price.perMillionRequests) / 1e6;

const cloudRunBills = (facts: CostFacts, { mails, mailboxes }: Month, mail: MailCost): readonly [number, number] => {
  const others = mailboxes * DAYS + MINUTES + CHECK_TICKS;
  const requests = mails * mail.invocations + others;
  const memory = (name: string): number => facts.functions.find((one) => one.name === name)?.memoryGiB ?? 0;
  const [send, deliver] = [memory("send-mail"), memory("deliver-mail")];
  // Checks and ticks take no longer than the least that is billed.
  const othersS = others * ASSUMED.acceptS;
  const othersGiB = othersS * memory("refresh-tokens");
  const cpuS = (mails * facts.cpuMsAMail) / 1_000;
  const aloneS = mails * (ASSUMED.acceptS + ASSUMED.deliverS);
  const aloneGiB = mails * (ASSUMED.acceptS * send + ASSUMED.deliverS * deliver);
  const bill = (seconds: number, gib: number): number =>
    cloudRunBill(facts, requests, { vcpuSeconds: seconds + othersS, gibSeconds: gib + othersGiB });
  return [bill(cpuS, cpuS * Math.max(send, deliver)), bill(aloneS, aloneGiB)];
};

/** Three versions of Relais's own: the client secret, the key ring, the setup token. */
const OWN_VERSIONS = 3;

const secretsBill = ({ prices: { secretManager: price } }: CostFacts, month: Month): number => {
  const isSealed = month.tokens === "sealed";
  const versions = OWN_VERSIONS + (isSealed ? 0 : month.mailboxes);
  return (
    beyond(versions, price.freeVersions) * price.perVersionMonth +
    (beyond(isSealed ? 0 : mints(month), price.freeAccesses) * price.per10kAccesses) / 1e4
  );
};

/** What a month costs, in US dollars. */
export const billOf = (facts: CostFacts, month: Month): Bill => {
  const mail = month.mails < LONE_BELOW ? facts.lone : facts.usual;
  const { logging: price } = facts.prices;
  const firestore = firestoreBill(facts, month, mail);
  const pubsub = pubsubBill(facts, month);
  const cloudRun = cloudRunBills(facts, month, mail);
  const secretManager = secretsBill(facts, month);
  const logging = beyond((month.mails * ASSUMED.loggedBytesAMail) / GIB, price.freeGiB) * price.perGiB;
  const rest = firestore + pubsub + secretManager + logging;
  return { firestore, pubsub, cloudRun, secretManager, logging, total: [rest + cloudRun[0], rest + cloudRun[1]] };
};

/** Gmail takes mail for 2,000 recipients a day of a Workspace account (support.google.com/a/answer/166852). */
export const MAILS_A_MAILBOX = 2_000 * DAYS;
