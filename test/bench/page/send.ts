import { type Section, table } from "./section.ts";

/** Why each operation exists: the crash or race that it guards against. */
export const GUARDS: Readonly<Record<string, string>> = {
  "read keys": "who calls; remembered for up to 60 s",
  "write keys": "when the key was last used, once an hour",
  "read mailServers": "accepting: the server must be able to send, and From be allowed; delivering: remembered for 5 s",
  "read settings": "a pause or an end of retention just set; remembered for 5 s",
  "read messages": "a push that is repeated, late, or of a message called back meanwhile",
  "read quotas": "limits counted by other instances; remembered until another instance writes it",
  "read accessTokens": "one token however many instances want it; remembered while its grant stands",
  "write messages queued": "accepted means durable: a crash after the 202",
  "write messages sending.claimed": "two workers with the same message; a worker that dies before the mark",
  "write tallies": "what became of mail that was not simply sent; for all other mail once an hour",
  "write quotas": "with the claim: a mail sent and not counted; it also frees the places of mails sent before",
  "write messages sending.data": "the mark: a crash after it may have sent, before it has not",
  "write messages sent": "the outcome, on condition that the claim still stands; erases an inline body",
  "write messages erased": "that the chunks are gone: until then they are named, so that a crash cannot orphan them",
  "write bodyChunks": "a body larger than 100 kB, before the record that names it",
  "delete bodyChunks": "erasure at the end, before the record says so",
  "read bodyChunks": "the body",
};

/** How often each operation happens for one mail. */
export interface Cost {
  readonly mail: string;
  readonly mails: number;
  readonly invocations: number;
  readonly operations: Readonly<Record<string, number>>;
}

export interface SendFacts {
  readonly results: readonly Cost[];
}

export const sumOf = ({ operations }: Cost, kind: RegExp): number =>
  Object.entries(operations)
    .filter(([what]) => kind.test(what))
    .reduce((sum, [, times]) => sum + times, 0);

export const READ = /^(read|query)/;
export const WRITE = /^(write|delete)/;

export const sendSection: Section = {
  title: "What a mail costs",
  text: (json) => {
    const { results }: SendFacts = JSON.parse(json);
    const totals = results.map((cost) => [
      cost.mail,
      cost.mails,
      cost.invocations.toFixed(2),
      sumOf(cost, READ).toFixed(2),
      sumOf(cost, WRITE).toFixed(2),
    ]);
    const each = results.flatMap(({ mail, operations }) =>
      Object.entries(operations).map(([what, times]) => [mail, what, times.toFixed(2), GUARDS[what] ?? "?"]),
    );
    return `On Google's emulators: documents read and written on Firestore, and calls of functions. A page of a query counts as one read.

${table(["mail", "mails", "invocations", "reads", "writes"], totals)}

The first mail of an instance reads seven documents, each another writer's truth that nothing but a read can tell: key and server where it is accepted; message, server,
settings, ledger and access token where it is sent. From the second mail on an instance remembers them, each for as long as it may, and writes on condition of what it remembers.

### Each operation, and the crash or race that it guards

${table(["mail", "operation", "a mail", "guards"], each)}`;
  },
};
