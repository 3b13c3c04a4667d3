import { appendFileSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { programPath } from "./program-path.ts";

/**
 * The canary: tests record every secret that they know, `canary-preload.ts` records all output of Relais by channel,
 * and no secret may appear in any channel, in any encoding. Every process of the suite records into
 * `RELAIS_CANARY_DIR`, and the test runner scans it at the end.
 */

/** The ways in which something leaves Relais. */
export const CHANNELS = ["log", "answer", "page", "event", "error", "store", "arguments"] as const;
export type Channel = (typeof CHANNELS)[number];

export interface NotedSecret {
  /** Names the secret in the report, which never shows its value. A `body` may be in the store. */
  readonly kind: string;
  readonly value: string;
}
export interface NotedOutput {
  readonly channel: Channel;
  /** Where it was seen: `POST /v1/keys`, a table or a program. */
  readonly where: string;
  readonly text: string;
}
export interface Finding {
  readonly kind: string;
  readonly channel: Channel;
  readonly where: string;
  readonly spelling: string;
}
export interface Scan {
  readonly secrets: ReadonlyMap<string, number>;
  readonly outputs: ReadonlyMap<Channel, number>;
  readonly findings: readonly Finding[];
}

/** Shorter secrets would be found by chance. It is also the length of the prefix that is looked up first. */
const MIN_SECRET_LENGTH = 12;

/**
 * What base64 makes of `value` within a longer text: at each of three offsets, the characters that neighbours cannot
 * change.
 */
const base64Cores = (value: string): readonly string[] =>
  [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
    const whole = bytes.toString("base64").replace(/=+$/, "");
    return whole.slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });

const percentEncoded = (value: string): string =>
  [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

const asBase64Url = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_");

interface Form {
  readonly secret: NotedSecret;
  readonly spelling: string;
  readonly text: string;
}

/** Every encoding in which a secret may leak. Hex and percent encodings are in lower case and compared without case. */
const formsOf = (secret: NotedSecret): { readonly exact: readonly Form[]; readonly folded: readonly Form[] } => {
  const form = (spelling: string) => (text: string) => ({ secret, spelling, text });
  const { value } = secret;
  const cores = base64Cores(value);
  return {
    exact: [form("plain")(value), ...cores.map(form("base64")), ...cores.map(asBase64Url).map(form("base64url"))],
    folded: [
      form("hex")(Buffer.from(value).toString("hex")),
      ...[percentEncoded(value), encodeURIComponent(value).toLowerCase()].map(form("percent")),
    ],
  };
};

/** Forms indexed by their first characters, so that a text of any length is scanned once. */
class Dictionary {
  readonly #byStart = new Map<string, Form[]>();

  add(form: Form): void {
    const start = form.text.slice(0, MIN_SECRET_LENGTH);
    this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), form]);
  }

  *in(text: string): Generator<Form> {
    for (let at = 0; at + MIN_SECRET_LENGTH <= text.length; at++) {
      for (const form of this.#byStart.get(text.slice(at, at + MIN_SECRET_LENGTH)) ?? [])
        if (text.startsWith(form.text, at)) yield form;
    }
  }
}

/** Runs of characters that can contain a secret; the characters between them cannot. */
const RUNS = /[^\s"'<>{}[\](),;\\]{12,}/g;

/** Finds every place where a recorded secret appears in a recorded output. */
export const scan = (secrets: Iterable<NotedSecret>, outputs: Iterable<NotedOutput>): Scan => {
  const exact = new Dictionary();
  const folded = new Dictionary();
  const known = new Map<string, number>();
  const seen = new Set<string>();
  for (const secret of secrets) {
    if (secret.value.length < MIN_SECRET_LENGTH || seen.has(secret.value)) continue;
    seen.add(secret.value);
    known.set(secret.kind, (known.get(secret.kind) ?? 0) + 1);
    const forms = formsOf(secret);
    for (const form of forms.exact) exact.add(form);
    for (const form of forms.folded) folded.add(form);
  }
  const scanned = new Map<Channel, number>();
  const findings = new Map<string, Finding>();
  for (const { channel, where, text } of outputs) {
    scanned.set(channel, (scanned.get(channel) ?? 0) + 1);
    for (const [run] of text.matchAll(RUNS)) {
      for (const { secret, spelling } of [...exact.in(run), ...folded.in(run.toLowerCase())]) {
        if (secret.kind === "body" && channel === "store") continue;
        findings.set(`${secret.kind} ${channel} ${where}`, { kind: secret.kind, channel, where, spelling });
      }
    }
  }
  return { secrets: known, outputs: scanned, findings: [...findings.values()] };
};

/** What this process records into, by path: there are tens of thousands of entries. */
const opened = new Map<string, number>();

const openOnce = (into: string, file: string): number => {
  // One file per process, because appends of several processes to one file may interleave.
  const path = join(into, `${file}-${process.pid}.jsonl`);
  const known = opened.get(path);
  if (known !== undefined) return known;
  mkdirSync(into, { recursive: true });
  const descriptor = openSync(path, "a");
  opened.set(path, descriptor);
  return descriptor;
};

const note = (file: string, entry: NotedSecret | NotedOutput): void => {
  const into = process.env.RELAIS_CANARY_DIR;
  if (into !== undefined) appendFileSync(openOnce(into, file), `${JSON.stringify(entry)}\n`);
};

const recorded = new Set<string>();
const once = (key: string): boolean => {
  if (recorded.has(key)) return false;
  recorded.add(key);
  return true;
};

export const noteSecret = (kind: string, value: string | null | undefined): void => {
  if (value && once(`${kind} ${value}`)) note("secrets", { kind, value });
};
/** A text for a message's body that may appear only in the store (and in the recipient's mailbox). */
export const markedBody = (): string => {
  const mark = `canary-body-${crypto.randomUUID()}`;
  noteSecret("body", mark);
  return mark;
};
export const noteOutput = (channel: Channel, where: string, text: string): void =>
  note("outputs", { channel, where, text });

/** The environment that a test's child process needs, so that it records too and starts as fast as the others. */
export const suiteEnvironment = (): Readonly<Record<string, string>> => {
  const directory = process.env.RELAIS_CANARY_DIR;
  const cache = process.env.NODE_COMPILE_CACHE;
  if (directory === undefined) return {};
  return {
    ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }),
    RELAIS_CANARY_DIR: directory,
    NODE_OPTIONS: `--import=${pathToFileURL(programPath("canary-preload")).href}`,
  };
};

function* linesOf<T>(directory: string, prefix: string): Generator<T> {
  for (const file of readdirSync(directory).filter((name) => name.startsWith(prefix))) {
    for (const line of readFileSync(join(directory, file), "utf8").split("\n")) {
      try {
        if (line !== "") yield JSON.parse(line);
      } catch {
        // A killed process may leave half a line.
      }
    }
  }
}

/** Scans what all processes have recorded in a directory. */
export const scanDirectory = (directory: string): Scan =>
  scan(linesOf<NotedSecret>(directory, "secrets-"), linesOf<NotedOutput>(directory, "outputs-"));
