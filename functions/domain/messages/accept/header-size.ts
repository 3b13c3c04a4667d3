import type { Mailbox, MessageBody } from "../message.ts";
import { encodeHeader, encodeHeaderText, encodeMailbox } from "./header-value.ts";

type Content = Omit<MessageBody, "from">;

/**
 * Gmail refuses headers above 500 KB in all, and a single one above 32 KB except To, Cc and References
 * (support.google.com/a/answer/14016360).
 */
export const HEADERS_LIMIT = 500_000;
export const LONGEST_HEADER = 32_000;

/** Room for what Relais itself writes: From, Date, Message-ID, MIME-Version, Content-Type. */
const OWN_HEADERS = 5_000;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** This is an upper bound, because every blank may become a fold. */
const foldedBytes = (name: string, value: string): number =>
  value === "" ? 0 : Buffer.byteLength(name) + 4 + Buffer.byteLength(value) + 2 * value.split(" ").length;

const listBytes = (list: readonly Mailbox[]): number =>
  sum(list.map((mailbox) => foldedBytes(",", encodeMailbox(mailbox))));

const givenBytes = ([name, value]: readonly [string, string]): number => {
  const written = encodeHeader(name, value);
  return "problem" in written ? 0 : foldedBytes(name, written.value);
};

/** Computes an upper bound of the headers' size. Bcc counts, because it is a header on the way to the Gmail API. */
export const headerBytes = (content: Content): number =>
  OWN_HEADERS +
  sum([content.to, content.cc, content.bcc, content.replyTo].map(listBytes)) +
  foldedBytes("Subject", encodeHeaderText(content.subject)) +
  foldedBytes("In-Reply-To", content.inReplyTo ?? "") +
  foldedBytes("References", content.references.join(" ")) +
  foldedBytes("List-Unsubscribe", content.listUnsubscribe?.url ?? "") +
  sum(Object.entries(content.headers).map(givenBytes));

/** Reply-To is the only header that Gmail limits and no other check here does. */
export const longestHeaderBytes = ({ replyTo }: Content): number => listBytes(replyTo);
