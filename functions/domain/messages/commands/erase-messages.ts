import { everyRecord } from "../../every-record.ts";
import { serversOfAddress } from "../../mail-servers/own-servers.ts";
import type { Records, Versioned } from "../../records.ts";
import { eraseBody } from "../body-store.ts";
import { foldAddress } from "../mailbox.ts";
import type { Message } from "../message.ts";
import { isFinal } from "../statuses.ts";
import { isUnderstoodMessage } from "../understood.ts";
import { senderEntry } from "../views/message-search.ts";

/** Whose messages: those to an address, or those of a mailbox that mail is sent from. */
export interface Person {
  readonly as: "recipient" | "mailbox";
  readonly address: string;
}

export interface Erasure {
  /** Erased, or with `dryRun`, what would be. */
  readonly erased: number;
  /** Ids of messages that are not over yet, or that only a later release understands. */
  readonly left: readonly string[];
}

interface EraseDeps {
  readonly records: Records;
  readonly dryRun: boolean;
}

type Found = AsyncGenerator<Versioned<Message>, void, undefined>;

/** A mailbox's messages went through its mail servers, and if those are gone, they still name their sender. */
async function* ofMailbox(records: Records, address: string): Found {
  for (const { id } of await serversOfAddress(records, foldAddress(address)))
    yield* everyRecord(records, "messagesOfServer", { serverId: id });
  for await (const message of everyRecord(records, "messagesFound", { searchPrefixes: senderEntry(address) }))
    if (foldAddress(message.value.from) === foldAddress(address)) yield message;
}

const messagesOf = (records: Records, { as, address }: Person): Found =>
  as === "recipient"
    ? everyRecord(records, "messagesTo", { recipientAddresses: foldAddress(address) })
    : ofMailbox(records, address);

/** The record goes last, so that an erasure that was interrupted finds it again. */
const eraseOne = async (records: Records, { id, value, version }: Versioned<Message>): Promise<boolean> => {
  await eraseBody({ records }, value);
  return (await records.commit([{ op: "delete", kind: "messages", id, version }])).done;
};

/**
 * Erases the records and bodies of a person's messages that are over. The others are left: whoever waits for their
 * outcome would never learn it, and one in doubt might be sent twice. May be interrupted and repeated. Throws
 * `Unavailable`.
 */
export const eraseMessages = async ({ records, dryRun }: EraseDeps, person: Person): Promise<Erasure> => {
  const erased = new Set<string>();
  const left = new Set<string>();
  for await (const message of messagesOf(records, person)) {
    if (erased.has(message.id)) continue;
    const isOver = isUnderstoodMessage(message.value) && isFinal(message.value);
    // Somebody retries it at this very moment.
    const gone = isOver && (dryRun || (await eraseOne(records, message)));
    (gone ? erased : left).add(message.id);
  }
  return { erased: erased.size, left: [...left] };
};
