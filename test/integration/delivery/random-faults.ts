import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";
import type { Fault } from "../../google-sandbox/faults.ts";

/**
 * What must happen to a message, described from outside and sharing no code with the policy: it depends only on the
 * fault that strikes its first attempt. Gmail is well at every later attempt.
 */
interface Expected {
  readonly status: "sent" | "failed" | "unknown";
  readonly copies: number;
}

const SENT: Expected = { status: "sent", copies: 1 };
interface Case {
  readonly name: string;
  readonly fault: Fault | null;
  readonly expected: Expected;
  readonly orElse?: Expected;
  /**
   * Used if the machine is too slow for a permanent refusal to arrive within the second that it has at this pace: then
   * nobody received it.
   */
  readonly unheard?: Expected;
}

const CASES: readonly [Case, ...Case[]] = [
  { name: "no fault", fault: null, expected: SENT },
  { name: "421 at the greeting", fault: { fault: "smtp_reply", stage: "connect", code: 421 }, expected: SENT },
  { name: "421 at MAIL", fault: { fault: "smtp_reply", stage: "mail", code: 421 }, expected: SENT },
  { name: "451 at RCPT", fault: { fault: "smtp_reply", stage: "rcpt", code: 451, enhanced: "4.3.0" }, expected: SENT },
  { name: "451 after the message", fault: { fault: "smtp_reply", stage: "body", code: 451 }, expected: SENT },
  { name: "550 5.4.5", fault: { fault: "smtp_daily_limit" }, expected: SENT },
  { name: "454 4.7.0", fault: { fault: "smtp_too_many_logins" }, expected: SENT },
  { name: "stalls at RCPT", fault: { fault: "smtp_stall", stage: "rcpt" }, expected: SENT },
  { name: "stalls at DATA", fault: { fault: "smtp_stall", stage: "data" }, expected: SENT },
  { name: "drops at the greeting", fault: { fault: "smtp_drop", when: "connect" }, expected: SENT },
  { name: "drops at AUTH", fault: { fault: "smtp_drop", when: "auth" }, expected: SENT },
  { name: "drops before DATA", fault: { fault: "smtp_drop", when: "before_data" }, expected: SENT },
  {
    // All of a small message is in the buffers by then, including its end, so whether it arrived cannot be known.
    name: "drops within the message",
    fault: { fault: "smtp_drop", when: "mid_body" },
    expected: SENT,
    orElse: { status: "unknown", copies: 0 },
  },
  { name: "loses the reply", fault: { fault: "smtp_drop", when: "after_last_byte" }, expected: SENT },
  {
    name: "loses message and reply",
    fault: { fault: "smtp_drop", when: "after_last_byte", stored: false },
    expected: { status: "unknown", copies: 0 },
  },
  { name: "refuses TLS", fault: { fault: "smtp_refuse_tls" }, expected: SENT },
  {
    name: "refuses the recipient for good",
    fault: { fault: "smtp_reply", stage: "rcpt", code: 550, enhanced: "5.1.1" },
    expected: { status: "failed", copies: 0 },
    unheard: SENT,
  },
  {
    name: "refuses the message for good",
    fault: { fault: "smtp_reply", stage: "body", code: 552 },
    expected: { status: "failed", copies: 0 },
    unheard: { status: "unknown", copies: 0 },
  },
];

/** Marsaglia's xorshift32: the same faults for the same seed. */
const generator = (seed: number): (() => number) => {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
};

export interface Outcome {
  readonly name: string;
  readonly expected: Expected;
  readonly orElse: Expected;
  readonly status: string;
  readonly copies: number;
}

interface MessageJson {
  readonly id: string;
  readonly messageId: string;
  readonly status: string;
  readonly timeline: readonly { readonly note: string | null }[];
  readonly attempts: readonly { readonly smtp?: { readonly code: number } | null }[];
}

const post = async ({ relais }: Stack, message: object): Promise<MessageJson> =>
  (await relais.operate("POST", "/v1/messages", message)).json();
const read = async ({ relais }: Stack, id: string): Promise<MessageJson> =>
  (await relais.operate("GET", `/v1/messages/${id}`)).json();

/** What else may have happened. */
const orElseOf = ({ fault, expected, orElse, unheard }: Case, { attempts }: MessageJson): Expected => {
  const heard = attempts.some(({ smtp }) => fault?.fault === "smtp_reply" && smtp?.code === fault.code);
  return orElse ?? (heard ? expected : (unheard ?? expected));
};

/**
 * Connects at the pace of real time: at the faster one an OAuth state lives for a sixth of a second, which a slow
 * machine may miss again and again.
 */
const connectedAndHurried = async (stack: Stack): Promise<string> => {
  const server = await connectedServer(stack, { limits: { perMinute: 10_000, perDay: 10_000 } });
  await stack.relais.kill();
  await stack.relais.up({ RELAIS_TIME_SCALE: "3600" });
  // The first message loads the code that sends, so at this pace it may be late for any reply.
  const { id } = await post(stack, { server, to: "first@example.org", text: "Bonjour" });
  await eventually("the first is sent", async () => (await read(stack, id)).status === "sent");
  return server;
};

/**
 * Sends one message after the other, each struck at its first attempt by a fault that the seed selects. Returns how
 * each ended.
 */
export const sendUnderRandomFaults = async (count: number, seed: number): Promise<readonly Outcome[]> => {
  const random = generator(seed);
  const stack = await startStack();
  const { control } = stack.sandbox;
  try {
    const server = await connectedAndHurried(stack);
    const hasEnded = ({ status, timeline }: MessageJson): boolean =>
      ["sent", "failed"].includes(status) || (status === "unknown" && /person/.test(timeline.at(-1)?.note ?? ""));
    const outcomes: Outcome[] = [];
    for (let n = 0; n < count; n += 1) {
      const drawn = CASES[Math.floor(random() * CASES.length)] ?? CASES[0];
      const { name, fault, expected } = drawn;
      // An open session would skip a fault at the greeting. The transcripts may be cleared only when all sessions are
      // closed: one that was cleared while its session lived on would hide the session from the next check.
      if (fault !== null) {
        await eventually("no session is open", () => control.transcripts().every(({ closed }) => closed));
        control.clearTranscripts();
      }
      if (fault !== null) control.set(fault, { times: 1 });
      const { id } = await post(stack, { server, to: `b${n}@example.org`, subject: `${n}`, text: "Bonjour" });
      // One at a time: the fault must strike this message, not the second attempt of another.
      const ended = await eventually(
        `message ${n} (${name}) has ended, seed ${seed}`,
        async () => {
          const seen = await read(stack, id);
          return hasEnded(seen) && control.switches().length === 0 && seen;
        },
        240_000,
      );
      const copies = control.mails().filter(({ messageId }) => messageId === ended.messageId).length;
      outcomes.push({ name, expected, orElse: orElseOf(drawn, ended), status: ended.status, copies });
    }
    return outcomes;
  } finally {
    await stack.stop();
  }
};

/** Runs several stacks side by side, each with its own seed counted from `seed`, because one alone mostly waits. */
export const sendInLanes = async (run: {
  readonly messages: number;
  readonly seed: number;
  readonly lanes: number;
}): Promise<readonly Outcome[]> => {
  const counts = Array.from({ length: run.lanes }, (_, lane) => Math.ceil((run.messages - lane) / run.lanes));
  return (await Promise.all(counts.map((count, lane) => sendUnderRandomFaults(count, run.seed + lane)))).flat();
};

export const wrongOf = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.filter(
    ({ expected, orElse, status, copies }) =>
      ![expected, orElse].some((right) => right.status === status && right.copies === copies),
  );
