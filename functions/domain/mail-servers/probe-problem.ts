import type { SmtpReply } from "../messages/message.ts";
import type { ProbeStage } from "../messages/ports.ts";
import type { TextCode } from "../problem-texts.ts";
import type { Transport } from "./mail-server.ts";

/** What went wrong in a stage: a code with a text, and what the other side said, where it said something. */
export interface StageProblem {
  readonly code: TextCode;
  readonly upstream: string | null;
}

/**
 * What a refused login means. By SMTP, 535 (and 534) refuse the token (RFC 4954 §6), 454 4.7.0 is Gmail's word for too many logins, other 4xx
 * pass. By the Gmail API, 401 refuses the token, 403 comes from an API that is not enabled in the project, 429 and 5xx pass.
 */
const authCode = ({ reply }: ProbeStage, transport: Transport): TextCode => {
  if (reply === undefined) return "connection_lost";
  if (transport === "gmail_api") {
    if (reply.code === 429 || reply.code >= 500) return "gmail_unavailable";
    return reply.code === 403 ? "gmail_api_disabled" : "auth_refused";
  }
  if (reply.code >= 500) return "auth_refused";
  return reply.code === 454 ? "too_many_logins" : "temporarily_refused";
};

const envelopeCode = ({ reply }: ProbeStage): TextCode => {
  if (reply === undefined) return "connection_lost";
  if (reply.code < 500) return "temporarily_refused";
  // RFC 3463: 5.4.5 is how Gmail says that the day's quota is used up.
  return reply.enhanced === "5.4.5" ? "quota_reached" : "sender_refused";
};

const codeOf = (stage: ProbeStage, transport: Transport): TextCode => {
  switch (stage.stage) {
    case "dns":
      return "dns_failed";
    case "tls":
      return "tls_failed";
    case "auth":
      return authCode(stage, transport);
    case "envelope":
      return envelopeCode(stage);
  }
};

/** As it stood on the line: the enhanced code is what one looks up. */
const saidBy = ({ code, enhanced, response }: SmtpReply): string =>
  [code, enhanced, response].filter((part) => part !== null && part !== "").join(" ");

/** A failed stage of a probe as a problem with a text; `upstream` is what Gmail said. */
export const probeProblem = (stage: ProbeStage, transport: Transport): StageProblem => ({
  code: codeOf(stage, transport),
  upstream: stage.reply === undefined ? null : saidBy(stage.reply),
});
