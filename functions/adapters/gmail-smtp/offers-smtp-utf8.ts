import { type Clock, SECOND } from "../../domain/clock.ts";
import type { SmtpEndpoint } from "./connect.ts";
import { SessionOpener } from "./session.ts";

/** Somebody is waiting for an answer to a request. Real. */
const ANSWER_WITHIN_MS = 5 * SECOND;

/** Asks an SMTP server by EHLO whether it takes addresses beyond ASCII (SMTPUTF8, RFC 6531 §3.1); null: it did not say in time. */
export const offersSmtpUtf8 = (clock: Clock, endpoint: SmtpEndpoint): Promise<boolean | null> => {
  const asked = new SessionOpener(clock, endpoint).extensions();
  return Promise.race([
    asked.then((extensions) => extensions?.keywords.has("SMTPUTF8") ?? null),
    clock.sleep(ANSWER_WITHIN_MS).then(() => null),
  ]);
};
