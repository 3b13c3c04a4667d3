import { setTimeout as delay } from "node:timers/promises";
import { LARGEST_BODY } from "../../../functions/runtime/body.ts";
import type { FunctionName } from "../../../functions/runtime/functions.ts";
import { connectedServer, startStack } from "../../builders/connected-stack.ts";
import { type DeployedStack, startDeployedStack } from "../../builders/deployed-stack.ts";
import { memoryLimitMib } from "../../builders/memory-limit.ts";
import { type RawRequest, rawRequest } from "../../builders/raw-request.ts";
import type { Section } from "./section.ts";
import { WORST_BODIES, WORST_MAILS } from "./worst-bodies.ts";

const SILENT = 300;
const SLOWEST_ACCEPT_MS = 5_000;
/** Longer than the limits of Hosting and of a body. */
const PAST_THE_LIMIT_MS = 66_000;

/** Where each function accepts bodies; an event function accepts them at its root. */
const TARGETS: Readonly<Record<FunctionName, readonly string[]>> = {
  "authorize-start": ["/google_gmail/authorize"],
  "confirm-callback": ["/google_gmail/security-events"],
  "mail-servers": ["/v1/session", "/v1/settings/gmail-credentials", "/v1/keys"],
  "send-mail": ["/v1/messages", "/v1/messages/batch"],
  "deliver-mail": ["/"],
  "refresh-tokens": ["/"],
  "dispatch-due": ["/"],
  "mail-documents": ["/"],
};
const NAMES = Object.keys(TARGETS) as FunctionName[];

interface Target {
  readonly origin: string;
  readonly path: string;
  readonly authorization: string | null;
}

const silent = ({ origin, path, authorization }: Target): Promise<RawRequest> =>
  rawRequest({
    port: Number(new URL(origin).port),
    path,
    headers: {
      "Content-Length": LARGEST_BODY,
      ...(authorization === null ? {} : { Authorization: authorization }),
    },
    body: "{",
  });

/** The status, or how the connection broke. */
const bomb = async ({ origin, path, authorization }: Target, given: string | Buffer): Promise<string> => {
  const type = typeof given === "string" ? "application/json" : "message/rfc822";
  const headers = { "Content-Type": type, ...(authorization === null ? {} : { authorization }) };
  const body = typeof given === "string" ? given : new Uint8Array(given);
  return fetch(`${origin}${path}`, { method: path.endsWith("credentials") ? "PUT" : "POST", headers, body }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return String(answer.status);
    },
    (error: Error) => (error.cause instanceof Error ? error.cause.message : String(error)),
  );
};

type StackParts = Pick<DeployedStack["relais"], "operate">;

const accept = async (relais: StackParts, bytes: number) => {
  const content = Buffer.alloc(bytes, 7).toString("base64");
  const body = { to: "b@example.org", subject: "x", text: "x", attachments: [{ filename: "x.bin", content }] };
  const beganMs = performance.now();
  const answer = await relais.operate("POST", "/v1/messages", body);
  await answer.arrayBuffer();
  return { status: answer.status, tookMs: Math.round(performance.now() - beganMs) };
};

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/**
 * Attacks one function with 300 silent requests and huge bodies, with and without a credential, beside another caller's
 * message of 10 MB.
 */
const attack = async (stack: DeployedStack, name: FunctionName, bombs: number, faults: string[]): Promise<string> => {
  const origin = stack.originOf(name);
  const targets = (TARGETS[name] ?? []).flatMap((path): Target[] => [
    { origin, path, authorization: null },
    { origin, path, authorization: `Bearer ${stack.relais.setupToken}` },
  ]);
  const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
  const quiet = await Promise.all(Array.from({ length: SILENT }, (_, index) => silent(at(targets, index))));
  const bodies = [...Object.values(WORST_BODIES), ...Object.values(WORST_MAILS)].map((make) => make());
  const exploding = Array.from({ length: bombs }, (_, index) => bomb(at(targets, index), at(bodies, index)));
  await delay(100);
  const during = await accept(stack.relais, 10_000_000);
  const ends = await Promise.all(exploding);
  for (const { socket } of quiet) socket.destroy();
  const after = await accept(stack.relais, 23_900_000);
  const limit = memoryLimitMib(name);
  const peak = stack.peakBytes(name);
  if (!stack.runs(name)) faults.push(`${name} died`);
  if (peak > limit * 2 ** 20) faults.push(`${name} needed ${mib(peak)} of ${limit} MiB`);
  if (during.status !== 202 || during.tookMs > SLOWEST_ACCEPT_MS)
    faults.push(`under attack on ${name}, 10 MB were answered ${during.status} after ${during.tookMs} ms`);
  if (after.status !== 202) faults.push(`after the attack on ${name}, 24 MB were answered ${after.status}`);
  const counts = Map.groupBy(ends, (end) => end);
  const seen = [...counts].map(([end, all]) => `${all.length} × ${end}`).join(", ");
  return `| ${name} | ${limit} | ${mib(peak)} | ${during.tookMs} | ${seen} |`;
};

/** One body after the other: what each costs the function that accepts the largest. */
const peaks = async (stack: DeployedStack): Promise<readonly string[]> => {
  const rows: string[] = [];
  for (const [what, make] of [...Object.entries(WORST_BODIES), ...Object.entries(WORST_MAILS)]) {
    const isMail = Object.hasOwn(WORST_MAILS, what);
    // Never due, as the others.
    const single = isMail ? "/v1/messages?scheduledAt=2099-01-01T00:00:00Z" : "/v1/messages";
    const path = what.includes("batch") ? "/v1/messages/batch" : single;
    const authorization = `Bearer ${stack.relais.setupToken}`;
    const beganMs = performance.now();
    const status = await bomb({ origin: stack.originOf("send-mail"), path, authorization }, make());
    const tookMs = performance.now() - beganMs;
    rows.push(`| ${what} | ${status} | ${tookMs.toFixed(0)} | ${mib(stack.peakBytes("send-mail"))} |`);
  }
  return rows;
};

/** `npm start`, for longer than its edge allows a request to last. */
const throughTheEdge = async (faults: string[]): Promise<string> => {
  const stack = await startStack();
  const { relais } = stack;
  try {
    await connectedServer(stack);
    const origin = `http://127.0.0.1:${relais.port}`;
    const known = `Bearer ${relais.setupToken}`;
    const all = ["/v1/session", "/v1/messages", "/google_gmail/security-events", "/v1/keys"].flatMap((path) =>
      [null, known].map((authorization): Target => ({ origin, path, authorization })),
    );
    const quiet = await Promise.all(
      Array.from({ length: SILENT }, (_, index) => silent(all[index % all.length] as Target)),
    );
    const during = await accept(relais, 10_000_000);
    await delay(PAST_THE_LIMIT_MS);
    const open = quiet.filter(({ socket }) => !socket.closed).length;
    const unanswered = quiet.filter(({ answer }) => answer().status === null).length;
    const after = await accept(relais, 23_900_000);
    if (during.status !== 202 || during.tookMs > SLOWEST_ACCEPT_MS)
      faults.push(`npm start answered ${during.status} to 10 MB after ${during.tookMs} ms`);
    if (after.status !== 202) faults.push(`npm start answered ${after.status} to 24 MB after a minute`);
    if (open > 0 || unanswered > 0) faults.push(`${open} silent connections were left open, ${unanswered} unanswered`);
    const statuses = Map.groupBy(quiet, ({ answer }) => answer().status);
    const seen = [...statuses].map(([status, some]) => `${some.length} × ${status}`).join(", ");
    return `${SILENT} silent requests through \`npm start\`, for ${PAST_THE_LIMIT_MS / 1_000} s: ${seen}, ${open} connections left open. 10 MB were accepted beside them in ${during.tookMs} ms, 24 MB afterwards in ${after.tookMs} ms.`;
  } finally {
    await stack.stop();
  }
};

export const bodies: Section = {
  title: "Silent requests and the worst bodies",
  size: { of: "bombs on each function", usual: 20 },
  run: async (bombs) => {
    const faults: string[] = [];
    const stack = await startDeployedStack();
    const rows: string[] = [];
    let alone: readonly string[] = [];
    try {
      await connectedServer(stack);
      alone = await peaks(stack);
      for (const name of NAMES) rows.push(await attack(stack, name, bombs, faults));
    } finally {
      await stack.stop();
    }
    const edge = await throughTheEdge(faults);
    return {
      faults,
      text: [
        `${SILENT} requests announce 32 MiB and say no more, and ${bombs} bodies of 32 MiB come at once, half of each with a credential.`,
        "Meanwhile another caller's mail of 10 MB is accepted, and one of 24 MB (encoded) afterwards.",
        "",
        "| function | memory, MiB | peak, MiB | 10 MB accepted after, ms | how the bombs were answered |",
        "|---|---|---|---|---|",
        ...rows,
        "",
        "One body of 32 MiB, or composed mail, after the other on `send-mail`; the peak is the process's highest so far.",
        "",
        "| body | answered | after, ms | peak, MiB |",
        "|---|---|---|---|",
        ...alone,
        "",
        edge,
      ].join("\n"),
    };
  },
};
