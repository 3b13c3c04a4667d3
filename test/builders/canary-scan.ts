import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Channel, NotedOutput, NotedSecret } from "./canary.ts";
import { type Needle, Needles, SHORTEST_NEEDLE } from "./needles.ts";

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

/** Shorter secrets would be found by chance. */
const MIN_SECRET_LENGTH = SHORTEST_NEEDLE;

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

interface Form extends Needle {
  readonly secret: NotedSecret;
  readonly spelling: string;
}

/** Every encoding in which a secret may leak. Hex and percent encodings are in lower case and compared without case. */
const formsOf = (secret: NotedSecret): readonly Form[] => {
  const exact = (spelling: string) => (text: string) => ({ secret, spelling, text, anyCase: false });
  const folded = (spelling: string) => (text: string) => ({ secret, spelling, text, anyCase: true });
  const { value } = secret;
  const cores = base64Cores(value);
  return [
    ...[exact("plain")(value), ...cores.map(exact("base64")), ...cores.map(asBase64Url).map(exact("base64url"))],
    folded("hex")(Buffer.from(value).toString("hex")),
    ...[percentEncoded(value), encodeURIComponent(value).toLowerCase()].map(folded("percent")),
  ];
};

/** Finds every place where a recorded secret appears in a recorded output. */
export const scan = (secrets: Iterable<NotedSecret>, outputs: Iterable<NotedOutput>): Scan => {
  const known = new Map<string, number>();
  const seen = new Set<string>();
  const forms: Form[] = [];
  for (const secret of secrets) {
    if (secret.value.length < MIN_SECRET_LENGTH || seen.has(secret.value)) continue;
    seen.add(secret.value);
    known.set(secret.kind, (known.get(secret.kind) ?? 0) + 1);
    forms.push(...formsOf(secret));
  }
  const needles = new Needles(forms);
  const scanned = new Map<Channel, number>();
  const findings = new Map<string, Finding>();
  for (const { channel, where, text } of outputs) {
    scanned.set(channel, (scanned.get(channel) ?? 0) + 1);
    for (const { secret, spelling } of needles.in(text)) {
      if (secret.kind === "body" && channel === "store") continue;
      findings.set(`${secret.kind} ${channel} ${where}`, { kind: secret.kind, channel, where, spelling });
    }
  }
  return { secrets: known, outputs: scanned, findings: [...findings.values()] };
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
