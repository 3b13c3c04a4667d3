import { RAW_SIZE_LIMIT } from "../../../functions/domain/messages/accept/raw-input.ts";
import { LARGEST_BODY } from "../../../functions/runtime/body.ts";
import { MOST_JSON_VALUES } from "../../../functions/runtime/json-scan.ts";

const MEMBERS = MOST_JSON_VALUES - 2;
const PER_MEMBER = Math.floor(LARGEST_BODY / MEMBERS) - 8;
const repeatUpTo = (text: string, bytes: number): string => text.repeat(Math.floor(bytes / Buffer.byteLength(text)));
// Never due: only the cost of accepting counts here.
const message = (text: string): string =>
  `{"to":"b@example.org","subject":"x","scheduledAt":"2099-01-01T00:00:00Z","text":"${text}"}`;

/**
 * Bodies of 32 MiB that cost most to read, parse or validate: some exceed the limit of values, others just stay within
 * it.
 */
export const WORST_BODIES: Readonly<Record<string, () => string>> = {
  "empty lists": () => `[${repeatUpTo("[],", LARGEST_BODY - 4)}0]`,
  "a nest of lists": () => "[".repeat(LARGEST_BODY),
  "members that nobody knows": () =>
    `{${Array.from({ length: MEMBERS }, (_, at) => `"${String(at).padStart(PER_MEMBER, "m")}":1`).join()}}`,
  "a list of texts": () =>
    `[${Array(MEMBERS)
      .fill(`"${"x".repeat(PER_MEMBER)}"`)
      .join()}]`,
  "one long text": () => message("x".repeat(LARGEST_BODY - 150)),
  "one long text beyond Latin": () => message(`€${"x".repeat(LARGEST_BODY - 150)}`),
  "one long text of escapes": () => message(repeatUpTo("\\u20ac", LARGEST_BODY - 150)),
  "one long number": () => `[${"1".repeat(LARGEST_BODY - 2)}]`,
  "a batch of large messages": () =>
    `{"items":[${Array(90)
      .fill(message("x".repeat(Math.floor(LARGEST_BODY / 90) - 150)))
      .join()}]}`,
};

const HEAD = "From: ada@example.com\r\nTo: b@example.org\r\nMessage-ID: <worst@erp.example.com>\r\n\r\n";
const mailOf = (line: string, bytes: number): Buffer =>
  Buffer.concat([Buffer.from(HEAD), Buffer.alloc(bytes - HEAD.length - 1, line, "latin1"), Buffer.from("\n")]);

/** The composed mails that cost most to scan, cut and store. They end in a LF alone, so all of them are copied too. */
export const WORST_MAILS: Readonly<Record<string, () => Buffer>> = {
  "the largest composed mail": () => mailOf(`${"x".repeat(76)}\r\n`, RAW_SIZE_LIMIT),
  "one of octets beyond ASCII": () => mailOf(`${"\xe9".repeat(996)}\r\n`, RAW_SIZE_LIMIT),
  "one of control characters": () => mailOf(`${"\x01".repeat(996)}\r\n`, RAW_SIZE_LIMIT),
  "one of LF alone": () => mailOf("\n", RAW_SIZE_LIMIT),
  "one of half as many LF alone": () => mailOf("\n", RAW_SIZE_LIMIT / 2),
};
