import * as z from "zod";
import { sendRequest } from "../adapters/http/send-request.ts";
import { SECOND } from "../domain/clock.ts";
import type { Log } from "../domain/log.ts";
import type { WholeMail } from "./idempotency.ts";
import { mailRequest } from "./mail-request.ts";

/** What Relais has answered to a mail. */
export type Answer =
  /** It is stored. `id` is the message's. */
  | { readonly kind: "accepted"; readonly id: string }
  | ({ readonly kind: "refused" } & Refusal)
  /** Whether it is stored is not known. */
  | { readonly kind: "no_answer" };

export interface Refusal {
  readonly status: number;
  /** The code of the problem (RFC 9457); null if the answer is not one of Relais's. */
  readonly code: string | null;
  readonly retryable: boolean;
  /** For a person. */
  readonly reason: string;
}

export interface SubmitDeps {
  readonly relaisUrl: string;
  readonly log: Log;
}

/** Below the minute after which programs such as Odoo give up, so that they hear that they may repeat the mail. */
const TIMEOUT_MS = 55 * SECOND;
const LARGEST_ANSWER_BYTES = 256 * 1024;

const ACCEPTED = z.object({ id: z.string().regex(/^msg_[\w-]{1,100}$/) });

const PROBLEM = z.object({
  code: z.string().max(100),
  title: z.string().default(""),
  detail: z.string().default(""),
  retryable: z.boolean().default(false),
  fields: z.array(z.object({ path: z.string().default(""), message: z.string().default("") })).default([]),
});

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** What is wrong with the message, or else what the problem says in general. */
const reasonIn = ({ title, detail, fields }: z.output<typeof PROBLEM>): string => {
  const [first] = fields;
  return first === undefined
    ? `${title}. ${detail}`.replace(/\.\. /, ". ")
    : `${title}: ${first.message} (${first.path})`;
};

/** Reads an answer. A 200 or 202 without a message's id is not one of Relais's, and must not become a 250. */
export const readAnswer = (status: number, text: string): Answer => {
  const body = parseJson(text);
  const accepted = ACCEPTED.safeParse(body);
  if ((status === 202 || status === 200) && accepted.success) return { kind: "accepted", id: accepted.data.id };
  const problem = PROBLEM.safeParse(body);
  if (status < 400) return { kind: "no_answer" };
  if (problem.success)
    return {
      kind: "refused",
      status,
      code: problem.data.code,
      retryable: problem.data.retryable,
      reason: reasonIn(problem.data),
    };
  return { kind: "refused", status, code: null, retryable: false, reason: `Relais answered ${status}` };
};

/** One mail is one request. */
export const submit = async (deps: SubmitDeps, mail: WholeMail, idempotencyKey: string | null): Promise<Answer> => {
  const { query, headers, body } = mailRequest(mail);
  try {
    const { status, text } = await sendRequest({
      url: `${deps.relaisUrl}/v1/messages${query}`,
      method: "POST",
      headers: {
        ...headers,
        authorization: `Bearer ${mail.key.reveal()}`,
        accept: "application/json",
        "accept-language": "en",
        ...(idempotencyKey === null ? {} : { "idempotency-key": idempotencyKey }),
      },
      body,
      timeoutMs: TIMEOUT_MS,
      largestAnswerBytes: LARGEST_ANSWER_BYTES,
      keepAlive: false,
    });
    return readAnswer(status, text);
  } catch (error) {
    deps.log.error("door_relais_unreachable", { request: "POST /v1/messages" }, error);
    return { kind: "no_answer" };
  }
};
