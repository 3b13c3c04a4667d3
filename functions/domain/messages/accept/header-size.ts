import type { Mailbox, MessageBody } from "../message.ts";
import { writtenHeader, writtenMailbox, writtenText } from "./header-value.ts";

type Content = Omit<MessageBody, "from">;

/** Gmail refuses a mail whose headers take more in all (500 KB), and any one header above 32 KB but To, Cc and References (support.google.com/a/answer/14016360). */
export const HEADERS_LIMIT = 500_000;
export const LONGEST_HEADER = 32_000;

/** What mail servers and we write: From, Date, Message-ID, MIME-Version, Content-Type. */
const OWN_HEADERS = 5_000;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Each blank may be folded. */
const foldedBytes = (name: string, value: string): number =>
  value === "" ? 0 : Buffer.byteLength(name) + 4 + Buffer.byteLength(value) + 2 * value.split(" ").length;

const listBytes = (list: readonly Mailbox[]): number =>
  sum(list.map((mailbox) => foldedBytes(",", writtenMailbox(mailbox))));

const givenBytes = ([name, value]: readonly [string, string]): number => {
  const written = writtenHeader(name, value);
  return "problem" in written ? 0 : foldedBytes(name, written.value);
};

/** How much room the headers take at most. A hidden recipient stands in one on the way to the Gmail API. */
export const headerBytes = (content: Content): number =>
  OWN_HEADERS +
  sum([content.to, content.cc, content.bcc, content.replyTo].map(listBytes)) +
  foldedBytes("Subject", writtenText(content.subject)) +
  foldedBytes("In-Reply-To", content.inReplyTo ?? "") +
  foldedBytes("References", content.references.join(" ")) +
  foldedBytes("List-Unsubscribe", content.listUnsubscribe?.url ?? "") +
  sum(Object.entries(content.headers).map(givenBytes));

/** Of those that Gmail limits and whose length nothing else does. */
export const longestHeaderBytes = ({ replyTo }: Content): number => listBytes(replyTo);
