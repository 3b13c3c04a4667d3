import { type Clock, SECOND } from "../../domain/clock.ts";
import type { SmtpEndpoint } from "./connect.ts";
import { SessionOpener } from "./session.ts";

/** Real milliseconds: a caller is waiting for the response. */
const ANSWER_WITHIN_MS = 5 * SECOND;

/** Asks an SMTP server by EHLO whether it supports SMTPUTF8 (RFC 6531 §3.1); null if it does not answer in time. */
export const offersSmtpUtf8 = (clock: Clock, endpoint: SmtpEndpoint): Promise<boolean | null> => {
  const asked = new SessionOpener(clock, endpoint).extensions();
  return Promise.race([
    asked.then((extensions) => extensions?.keywords.has("SMTPUTF8") ?? null),
    clock.sleep(ANSWER_WITHIN_MS).then(() => null),
  ]);
};
