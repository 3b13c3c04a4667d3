import { appendFileSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { programPath } from "./program-path.ts";

/**
 * The canary: tests record every secret that they know, `canary-preload.ts` records all output of Relais by channel,
 * and no secret may appear in any channel, in any encoding. Every process of the suite records into
 * `RELAIS_CANARY_DIR`, and the test runner scans it at the end (`canary-scan.ts`).
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
