import type { Clock } from "../../domain/clock.ts";
import type { SmtpReply } from "../../domain/google/replies.ts";
import type { Login, ProbeStage } from "../../domain/google/transports.ts";
import { envelopeAddress } from "./address.ts";
import { timeoutFor } from "./limits.ts";
import type { SessionOpener, SmtpSession } from "./session.ts";

type Failure = { readonly reply: SmtpReply; readonly at?: "mail" | "rcpt" } | { readonly reason: string };

/**
 * Sends MAIL and RCPT for the account's own address, then RSET: as far as a test can go without sending. Null:
 * accepted.
 */
const tryEnvelope = async (clock: Clock, session: SmtpSession, username: string): Promise<Failure | null> => {
  const address = envelopeAddress(username);
  if (address === undefined) return { reason: "the address cannot stand in an envelope" };
  const commands = [
    ["mail", `MAIL FROM:<${address}>`],
    ["rcpt", `RCPT TO:<${address}>`],
    ["rcpt", "RSET"],
  ] as const;
  for (const [at, line] of commands) {
    const answer = await session.stream.command(line, timeoutFor(clock, "command"));
    if (answer.kind === "lost") return { reason: answer.reason };
    const { code, enhanced, response } = answer.reply;
    if (code < 200 || code >= 300) return { reply: { code, enhanced, response }, at };
  }
  return null;
};

/**
 * Tests the connection to Gmail stage by stage in a session of its own, and stops at the first failure. Greeting and
 * EHLO count as `tls`.
 */
export const probeSmtp = async (clock: Clock, opener: SessionOpener, login: Login): Promise<readonly ProbeStage[]> => {
  const stages: ProbeStage[] = [];
  let startedAtMs = clock.nowMs();
  const record = (
    stage: ProbeStage["stage"],
    failure: Failure | null,
    learnt: Pick<ProbeStage, "smtpUtf8"> = {},
  ): void => {
    const nowMs = clock.nowMs();
    stages.push({ stage, ok: failure === null, ms: nowMs - startedAtMs, ...failure, ...learnt });
    startedAtMs = nowMs;
  };
  const opened = await opener.open(login, (passed) => record(passed, null));
  if (!opened.ok) {
    const stage = opened.stage === "dns" || opened.stage === "auth" ? opened.stage : "tls";
    record(stage, "reply" in opened ? { reply: opened.reply } : { reason: opened.reason });
    return stages;
  }
  const { stream, extensions } = opened.value;
  const smtpUtf8 = extensions.keywords.has("SMTPUTF8");
  record("envelope", await tryEnvelope(clock, opened.value, login.username), { smtpUtf8 });
  if (!stream.lost) await stream.command("QUIT", timeoutFor(clock, "command"));
  stream.destroy();
  return stages;
};
