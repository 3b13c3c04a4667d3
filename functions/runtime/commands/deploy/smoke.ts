import * as z from "zod";
import type { Build } from "../../../domain/build.ts";
import type { Secret } from "../../../domain/secret.ts";

const health = z.object({ version: z.string(), commit: z.string() });
const report = z.object({ checks: z.array(z.object({ id: z.string(), ok: z.boolean() })) });
const message = z.object({ id: z.string(), status: z.string() });

export interface SmokeTest {
  /** The origin that browsers use. */
  readonly url: string;
  /** What must answer; null: any build. */
  readonly expected: Build | null;
  /** Null, or ended by an operator's sign-in: then only /health can be asked. */
  readonly setupToken: Secret | null;
  readonly mailTo: string | null;
  readonly say: (line: string) => void;
  readonly wait: (ms: number) => Promise<unknown>;
}

/** Hosting and Cloud Run take some minutes to serve a new release everywhere. */
const TRIES = 60;
const PAUSE_MS = 5_000;

const bearer = (token: Secret): Readonly<Record<string, string>> => ({ Authorization: `Bearer ${token.reveal()}` });

const fetched = async (url: string, init?: RequestInit): Promise<Response | null> => {
  try {
    return await fetch(url, { ...init, redirect: "manual" });
  } catch {
    return null;
  }
};

const bodyOf = async <T>(schema: z.ZodType<T>, response: Response | null): Promise<T | null> => {
  const parsed = schema.safeParse(await response?.json().catch(() => null));
  return parsed.success ? parsed.data : null;
};

/** Waits until the release answers that was deployed. Returns what answers, or why nothing does. */
const checkHealth = async ({ url, expected, say, wait }: SmokeTest): Promise<string | null> => {
  let last = "no answer";
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (tries > 0) await wait(PAUSE_MS);
    const response = await fetched(`${url}/health`);
    const found = response?.ok ? await bodyOf(health, response) : null;
    if (found !== null && (expected === null || found.commit === expected.commit)) {
      say(`${url}/health answers: version ${found.version}, commit ${found.commit}`);
      return null;
    }
    last = found === null ? `status ${response?.status ?? "none"}` : `commit ${found.commit}`;
  }
  return `${url}/health does not answer with ${expected === null ? "a build" : `commit ${expected.commit}`}: ${last}`;
};

type Doctored = { readonly state: "asked" | "over" } | { readonly state: "failed"; readonly why: string };

const checkDoctor = async ({ url, say }: SmokeTest, token: Secret): Promise<Doctored> => {
  const response = await fetched(`${url}/v1/doctor`, { headers: bearer(token) });
  if (response?.status === 401) {
    say("the setup token has ended with the first sign-in, so the setup checks are left to the console");
    return { state: "over" };
  }
  const found = await bodyOf(report, response);
  if (response?.ok !== true || found === null)
    return { state: "failed", why: `${url}/v1/doctor answers ${response?.status ?? "nothing"}` };
  const open = found.checks.filter(({ ok }) => !ok);
  say(`${url}/v1/doctor answers: ${found.checks.length} checks, ${open.length} still to do in Setup`);
  return { state: "asked" };
};

/** Sends one mail, and waits until Gmail has it. */
const checkMail = async ({ url, say }: SmokeTest, token: Secret, to: string): Promise<string | null> => {
  const response = await fetched(`${url}/v1/messages`, {
    method: "POST",
    headers: { ...bearer(token), "Content-Type": "application/json", Prefer: "wait=30" },
    body: JSON.stringify({ to, subject: "Relais: smoke test", text: "This release of Relais sends mail." }),
  });
  const found = await bodyOf(message, response);
  if (found?.status !== "sent")
    return `a mail to ${to} was not sent: status ${response?.status ?? "none"}, ${found?.status ?? "no message"}`;
  say(`a mail to ${to} was sent as ${found.id}`);
  return null;
};

/** Tries what has been deployed, from outside. Returns why it is not right, or null. */
export const smokeTest = async (test: SmokeTest): Promise<string | null> => {
  const unwell = await checkHealth(test);
  if (unwell !== null || test.setupToken === null) return unwell;
  const doctored = await checkDoctor(test, test.setupToken);
  if (doctored.state === "failed") return doctored.why;
  if (test.mailTo === null) return null;
  if (doctored.state === "asked") return checkMail(test, test.setupToken, test.mailTo);
  test.say("no mail was sent: the setup token has ended");
  return null;
};
