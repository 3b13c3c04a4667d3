import { type Clock, SECOND } from "../../clock.ts";
import type { Login, MailTransport } from "../../google/transports.ts";
import type { MailServer } from "../../mail-servers/mail-server.ts";
import type { Transport } from "../../transport.ts";

export interface ProbeDeps {
  readonly clock: Clock;
  readonly transports: Readonly<Record<Transport, Pick<MailTransport, "probe">>>;
}

/** A check has two minutes in total (`infra/functions.tf`). Nominal. */
const LONGEST_PROBE_MS = 60 * SECOND;

/**
 * Asks whether Gmail accepts a refused account again, without sending mail. A refusal that no probe can see
 * (`beyondProbe`) counts as over, so that the next mail finds out.
 */
export const probeRefusal = async (
  deps: ProbeDeps,
  { connection, transport }: MailServer,
  login: Login,
): Promise<"over" | "stands" | "not_refused"> => {
  if (connection.state !== "error" || connection.reason !== "gmail_refused") return "not_refused";
  if (connection.beyondProbe !== undefined) return "over";
  const waiting = new AbortController();
  const late = deps.clock.sleep(deps.clock.lasting(LONGEST_PROBE_MS), waiting.signal).then(() => []);
  const stages = await Promise.race([deps.transports[transport].probe(login, { thorough: true }), late]);
  waiting.abort();
  return stages.length > 0 && stages.every(({ ok }) => ok) ? "over" : "stands";
};
