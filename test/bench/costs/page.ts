import { table } from "../page/section.ts";
import type { CostFacts, DeployedFunction } from "./facts.ts";
import { ASSUMED, type Bill, billOf, MAILS_A_MAILBOX, type Month } from "./month.ts";

export const PAGE = new URL("../../../infra/costs.md", import.meta.url);

const MAILS = [1_000, 1_000_000, 100_000_000];
const MAILBOXES = [10, 1_000, 100_000];

const number = (value: number): string => value.toLocaleString("en-US");
const dollars = (value: number): string =>
  value < 0.005
    ? "0"
    : value.toLocaleString(
        "en-US",
        value < 100 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumFractionDigits: 0 },
      );
const range = ([low, high]: readonly [number, number]): string =>
  dollars(low) === dollars(high) ? dollars(low) : `${dollars(low)} – ${dollars(high)}`;

export const MONTHS: readonly Month[] = MAILS.flatMap((mails) =>
  MAILBOXES.flatMap((mailboxes) => (["secrets", "sealed"] as const).map((tokens) => ({ mails, mailboxes, tokens }))),
);

const rowOf = (month: Month, bill: Bill): readonly string[] => {
  const tooFew = month.mails > month.mailboxes * MAILS_A_MAILBOX;
  return [
    number(month.mails),
    `${number(month.mailboxes)}${tooFew ? " †" : ""}`,
    month.tokens,
    dollars(bill.firestore),
    dollars(bill.pubsub),
    range(bill.cloudRun),
    dollars(bill.secretManager),
    dollars(bill.logging),
    `**${range(bill.total)}**`,
  ];
};

const HEAD = ["mails", "mailboxes", "tokens", "Firestore", "Pub/Sub", "Cloud Run", "Secret Manager", "logs", "total"];

const named = (functions: readonly DeployedFunction[], name: string): DeployedFunction => {
  const found = functions.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found;
};

const perSecond = ({ maxInstances, concurrency }: DeployedFunction, seconds: number): number =>
  Math.round((maxInstances * concurrency) / seconds);

const ceilingPart = ({ ceilings, functions }: CostFacts): string => {
  const ofAll = ceilings.filter(({ writes, ofOneServer }) => writes > 0 && !ofOneServer);
  const indexes = ofAll.toSorted((a, b) => a.ceiling - b.ceiling);
  const [lowest] = indexes;
  const [send, deliver] = [named(functions, "send-mail"), named(functions, "deliver-mail")];
  const rows = [
    [
      `\`deliver-mail\`: ${deliver.maxInstances} instances × ${deliver.concurrency} at once, ${ASSUMED.deliverS} s each`,
      number(perSecond(deliver, ASSUMED.deliverS)),
      "`max_instances` of `deliver-mail` in `functions.tf`, then the project's quota of Cloud Run",
    ],
    [
      `\`send-mail\`: ${send.maxInstances} instances × ${send.concurrency} at once, ${ASSUMED.acceptS} s each`,
      number(perSecond(send, ASSUMED.acceptS)),
      "`max_instances` of `send-mail`",
    ],
    ...indexes.map(({ name, writes, shards, ceiling }) => [
      `index of \`${name}\`: ${writes.toFixed(1)} writes a mail, ${shards} shards × 500 writes a second`,
      number(Math.round(ceiling)),
      "`SHARDS` in `functions/domain/shards.ts`, which may be raised at any time",
    ]),
  ];
  return `## The ceiling, and which knob comes next

${table(["what", "mails a second", "the knob"], rows)}

The lowest of these is the ceiling: turn its knob, and the next one counts. Firestore itself ends at ${number(Math.round(lowest?.ceiling ?? 0))} mails a second. An account has a lower one of its own: Gmail takes mail for some 2,000 recipients a day of it, so ${number(1_000_000)} mails a day need 500 mailboxes.
The indexes within one mailbox (by \`serverId\`) take more than a hundred mails a second each, which no account may send.`;
};

/** What a load balancer in front costs, with and without a flood. */
const edgePart = ({ prices, edge }: CostFacts): string => {
  const { loadBalancer, cloudArmor, logging } = prices;
  const balancer = 30 * 24 * loadBalancer.perHourUpTo5Rules;
  const armor = cloudArmor.perPolicyMonth + edge.rules * cloudArmor.perRuleMonth;
  const logged = (1e6 * 1_000 * logging.perGiB) / 2 ** 30;
  return `With [\`edge\`](README.md#floods), an address gets ${number(edge.requests)} requests a minute through (${number(edge.signIns)} to consents and sign-ins), and the rest is answered 429 before a function is called. That costs ${dollars(balancer)} a month for the load balancer and ${dollars(armor)} for Cloud Armor (a policy and ${edge.rules} rules, the last of which may be free), and, for a million requests, ${dollars(cloudArmor.perMillionRequests)} and about ${dollars(logged)} for their log, refused or not; ${dollars(1_024 * loadBalancer.perGiBProcessed)} for a TiB of mail. It does not end a flood that comes from many addresses: there \`max_instances\` is what bounds the bill.`;
};

const floodPart = (facts: CostFacts): string => {
  const { prices, functions } = facts;
  const { cloudRun, logging, firestore } = prices;
  const hourly = ({ maxInstances, memoryGiB }: DeployedFunction): number =>
    maxInstances * 3_600 * (cloudRun.perVcpuSecond + memoryGiB * cloudRun.perGiBSecond);
  const rows = functions
    .filter(({ isPublic }) => isPublic)
    .map((one) => [`\`${one.name}\``, one.maxInstances, dollars(hourly(one)), dollars(24 * hourly(one))]);
  const all = functions.filter(({ isPublic }) => isPublic).reduce((sum, one) => sum + hourly(one), 0);
  const logged = (1e6 * 1_000 * logging.perGiB) / 2 ** 30;
  const looked = (1e6 * firestore.readsPer100k) / 1e5;
  return `## What it costs to be flooded

Four functions are open to the internet. \`max_instances\` bounds what they can cost, however many requests come; beyond it, requests wait or are answered 429.

${table(["function", "instances at most", "an hour", "a day"], [...rows, ["all", "", dollars(all), dollars(24 * all)]])}

On top, for a million requests: ${dollars(cloudRun.perMillionRequests)} for the requests, about ${dollars(logged)} for the lines that Cloud Run logs of them, and ${dollars(looked)} at most for a read of Firestore each, if they carry a key that has the form of one (without a credential nothing is read).
A flood fills the same instances that your own callers need.

${edgePart(facts)}`;
};

/** The page that these facts make. */
export const costsPage = (facts: CostFacts): string => {
  const { prices, commits, cpuMsAMail } = facts;
  const rows = MONTHS.map((month) => rowOf(month, billOf(facts, month)));
  const { currency, ...services } = prices;
  const sources = Object.values(services).map(
    ({ source, read, copy }) => `- ${source}: read on ${read}; copy: ${copy}`,
  );
  return `# What Relais costs on Google Cloud

Made by \`node test/bench/costs.ts\` from the figures of [the bench](../test/bench/RESULTS.md) (commits ${[...new Set(commits)].join(", ")}), \`infra/functions.tf\` and \`test/bench/costs/prices.json\`: do not edit it. A test compares.

In ${currency}, a month of 30 days, for mails of 10 kB to one recipient, each by itself. The free quotas are taken off; discounts, taxes, builds, point-in-time recovery, backups and outgoing traffic are not in it.

${table(HEAD, rows)}

† More than Gmail lets that many mailboxes send: the row shows only what it would cost.

- **Cloud Run** depends on how long Gmail takes and on how many requests share an instance, so it is a range: from the processor time that the bench has measured (${cpuMsAMail.toFixed(1)} ms a mail) to each request alone in an instance (${ASSUMED.acceptS} s to accept, ${ASSUMED.deliverS} s to deliver: assumed, not measured at Gmail).
- **Assumed** as well: ${number(ASSUMED.storedBytesAMail)} bytes stored a mail for 30 days, index entries included, and ${number(ASSUMED.loggedBytesAMail)} bytes of log.
- **Tokens**: with \`secrets\` each mailbox is a version, and each access token a reading of it; with \`sealed\` it is one more read of Firestore ([how to choose](README.md#where-refresh-tokens-are-kept)).
- A mail is counted with what it costs after a cold start if there is less than one a minute.

${ceilingPart(facts)}

${floodPart(facts)}

## Prices

Read from stored copies of Google's pages, whose own date is not known unless it is named. Compare them with the pages before you rely on them.

${sources.join("\n")}
`;
};
