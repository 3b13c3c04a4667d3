import { sameMailbox } from "../address.ts";
import { type Clock, DAY, isoTime } from "../clock.ts";
import type { Tell } from "../commit-news.ts";
import type { Log } from "../log.ts";
import { canSend, grantOf, type MailServer } from "../mail-servers/mail-server.ts";
import { acceptMessage } from "../messages/accept/accept.ts";
import { Contended, type Problem } from "../problem.ts";
import type { Randomness } from "../randomness.ts";
import type { Records } from "../records.ts";
import { readSettings } from "../settings/read-settings.ts";
import type { EnvironmentSettings } from "../settings/settings.ts";
import { alertMail } from "./alert-mail.ts";
import type { Alert, OperatorAlert } from "./operator-alert.ts";

export interface TellDeps {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly records: Records;
  readonly environment: EnvironmentSettings;
  readonly log: Log;
}

/** An alert that has waited this long (nominal time) is no longer news, so it expires. */
const STALE_AFTER_MS = 3 * DAY;
const SIZE_LIMIT = 100_000;

/** Identifies the event, so that a redelivery, a repeated check or a second instance sends one alert only. */
const idempotencyKeyFor = (clock: Clock, alert: OperatorAlert): string => {
  const of = (...parts: readonly (string | number)[]): string => ["alert", alert.kind, ...parts].join(" ");
  switch (alert.kind) {
    case "expiring":
      return of(alert.server.id, alert.server.grant.connectedAtMs, alert.server.reason, alert.warning);
    case "reconnect_required":
    case "error":
      return of(alert.server.id, alert.sinceMs);
    case "client_rejected":
      // One alert for each day that it lasts.
      return of(alert.clientId, Math.floor(clock.nowMs() / clock.lasting(DAY)));
  }
};

/** Why the chosen server must not or cannot send this alert; null if it can. */
const reasonNotToSend = (chosen: MailServer, id: string, alert: OperatorAlert): string | null => {
  if (alert.kind !== "client_rejected") {
    const { server } = alert;
    if (id === server.id) return "same_server";
    const own = grantOf(chosen);
    if (own?.sub === server.grant.sub || sameMailbox(chosen.username, server.grant.email)) return "same_account";
  }
  return canSend(chosen) ? null : "cannot_send";
};

/** No event is published about an alert's message. */
const discardEvent =
  (records: Records): Tell =>
  async ({ id, version }) => {
    await records.commit([{ op: "delete", kind: "notices", id, version }]);
  };

/**
 * Accepts the alert like any other message, so it is held, retried and shown like any other. Does not publish its id,
 * since some callers may not publish on `mail-send`; `dispatch-due` does so within two minutes.
 */
const send = async (
  deps: TellDeps,
  alert: OperatorAlert,
  by: { readonly server: string; readonly to: readonly string[] },
) => {
  const nowMs = deps.clock.nowMs();
  return acceptMessage(
    {
      ...deps,
      publisher: { publish: async () => undefined },
      tell: discardEvent(deps.records),
      offersSmtpUtf8: async () => null,
    },
    {
      principal: { kind: "relais" },
      json: {
        ...by,
        ...alertMail(alert, deps.environment.publicUrl),
        // RFC 3834: out-of-office programs should not reply.
        headers: { "Auto-Submitted": "auto-generated" },
        expiresAt: isoTime(Math.ceil(nowMs + deps.clock.lasting(STALE_AFTER_MS))),
      },
      idempotencyKey: idempotencyKeyFor(deps.clock, alert),
      sizeLimit: SIZE_LIMIT,
    },
  );
};

const refusal = (code: Problem["code"]): string | null => {
  if (code === "contended") throw new Contended("accept a mail to the operators");
  return code === "idempotency_key_reused" ? null : code;
};

/** Sends the alert, and returns why it was not sent, or null. Throws `Unavailable`. */
const tell = async (deps: TellDeps, alert: OperatorAlert): Promise<string | null> => {
  const { alerts } = (await readSettings(deps.records, deps.environment)).value;
  if (alerts === null) return null;
  const chosen = await deps.records.get("mailServers", alerts.server);
  if (chosen === undefined) return "server_gone";
  const why = reasonNotToSend(chosen.value, chosen.id, alert);
  if (why !== null) return why;
  const accepted = await send(deps, alert, alerts);
  if (!accepted.ok) return refusal(accepted.problem.code);
  if (accepted.value.kind === "accepted" && !accepted.value.replayed) {
    deps.log.info("alert_accepted", { alert: alert.kind, id: accepted.value.message.id });
  }
  return null;
};

/**
 * Sends alerts through the mail server that operators chose for them, but never through the account concerned. Logs why
 * an alert cannot be sent. Throws `Unavailable`.
 */
export const operatorAlerts =
  (deps: TellDeps): Alert =>
  async (alert) => {
    const why = await tell(deps, alert);
    if (why === null) return;
    const server = alert.kind === "client_rejected" ? null : alert.server.id;
    deps.log.error("alert_not_sent", { alert: alert.kind, server, why });
  };
