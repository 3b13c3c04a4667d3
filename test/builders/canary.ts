import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The canary: whatever a test knows to be secret is noted, whatever Relais lets out is noted by channel, and no secret may be found in
 * any channel, however it is spelt. Tests note into `RELAIS_CANARY_DIR` while they run; the test runner scans the whole at the end.
 */

/** A way by which something leaves Relais. */
export const CHANNELS = ["log", "answer", "page", "event", "error", "store", "arguments"] as const;
export type Channel = (typeof CHANNELS)[number];

interface NotedSecret {
  /** What it is, for the report; never shown with its value. */
  readonly kind: string;
  readonly value: string;
}
interface NotedOutput {
  readonly channel: Channel;
  /** Where it was seen: `POST /v1/keys`, a log file, a table. */
  readonly where: string;
  readonly text: string;
}
interface Finding {
  readonly kind: string;
  readonly channel: Channel;
  readonly where: string;
  readonly spelling: string;
}

/** Secrets shorter than this would be found by chance. */
const SHORTEST = 12;

/** What base64 makes of `value` wherever it stands in a longer text: the characters that its neighbours cannot change, at each of three offsets. */
const base64Cores = (value: string): readonly string[] =>
  [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
    const whole = bytes.toString("base64").replace(/=+$/, "");
    const start = Math.ceil((offset * 8) / 6);
    const end = Math.floor((bytes.length * 8) / 6);
    return whole.slice(start, end);
  });

const percentEncoded = (value: string): string =>
  [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

/** Every spelling that a secret may leak in; compared without regard to case where the spelling has none. */
const spellings = (
  value: string,
): readonly { readonly name: string; readonly text: string; readonly folded: boolean }[] => [
  { name: "plain", text: value, folded: false },
  { name: "JSON", text: JSON.stringify(value).slice(1, -1), folded: false },
  ...base64Cores(value).flatMap((core) => [
    { name: "base64", text: core, folded: false },
    { name: "base64url", text: core.replaceAll("+", "-").replaceAll("/", "_"), folded: false },
  ]),
  { name: "hex", text: Buffer.from(value).toString("hex"), folded: true },
  { name: "percent", text: percentEncoded(value), folded: true },
  { name: "percent", text: encodeURIComponent(value), folded: true },
];

/** All places where a noted secret stands in a noted output. */
export const scan = (secrets: readonly NotedSecret[], outputs: readonly NotedOutput[]): readonly Finding[] => {
  const looked = secrets
    .filter((secret) => secret.value.length >= SHORTEST)
    .map((secret) => ({ secret, forms: spellings(secret.value) }));
  return outputs.flatMap((output) => {
    const folded = output.text.toLowerCase();
    return looked.flatMap(({ secret, forms }) =>
      forms
        .filter((form) => (form.folded ? folded.includes(form.text.toLowerCase()) : output.text.includes(form.text)))
        .slice(0, 1)
        .map((form) => ({ kind: secret.kind, channel: output.channel, where: output.where, spelling: form.name })),
    );
  });
};

const directory = (): string | undefined => process.env.RELAIS_CANARY_DIR;

const note = (file: string, entry: NotedSecret | NotedOutput): void => {
  const into = directory();
  if (into === undefined) return;
  mkdirSync(into, { recursive: true });
  // One file a process: appends of several processes to one file may interleave.
  appendFileSync(join(into, `${file}-${process.pid}.jsonl`), `${JSON.stringify(entry)}\n`);
};

export const noteSecret = (kind: string, value: string): void => note("secrets", { kind, value });
export const noteOutput = (channel: Channel, where: string, text: string): void =>
  note("outputs", { channel, where, text });

/** Reads what files `<file>-*.jsonl` hold; a line cut off by a killed process is passed over. */
export const readNotes = <T extends NotedSecret | NotedOutput>(files: readonly string[]): readonly T[] =>
  files
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line)];
      } catch {
        return [];
      }
    });
export type { Finding, NotedOutput, NotedSecret };
