import { isoTime } from "../clock.ts";
import { canSend } from "../mail-servers/mail-server.ts";
import { allOperators } from "../settings/settings-view.ts";
import type { Facts, Outcome } from "./facts.ts";

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Google accepts http on loopback only (developers.google.com/identity/protocols/oauth2/web-server, "redirect URI
 * validation rules").
 */
export const examinePublicUrl = ({ environment: { publicUrl } }: Facts): Outcome => {
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === "https:") return { ok: true, situation: "public_url_https", values: { publicUrl } };
  return LOOPBACK.includes(hostname)
    ? { ok: true, situation: "public_url_local", values: { publicUrl } }
    : { ok: false, situation: "public_url_http", values: { publicUrl } };
};

export const examineOperators = ({ settings, environment }: Facts): Outcome => {
  const operators = allOperators(settings, environment);
  const named = operators.length > 0;
  return {
    ok: named,
    situation: named ? "operators_named" : "operators_missing",
    values: { operators: operators.join(", ") },
  };
};

export const examineSetupToken = ({ settings }: Facts): Outcome =>
  settings.operatorSignedInAtMs === null
    ? { ok: false, situation: "setup_token_alive" }
    : { ok: true, situation: "setup_token_over" };

export const examineFixedOperators = ({ environment: { operators } }: Facts): Outcome => ({
  ok: operators.length > 0,
  situation: operators.length > 0 ? "operators_fixed" : "operators_not_fixed",
  values: { operators: operators.join(", ") },
});

export const examinePause = ({ settings }: Facts): Outcome =>
  settings.paused ? { ok: false, situation: "sending_paused" } : { ok: true, situation: "sending" };

/** Any received event proves that events reach Relais, such as the one that `npm run risc -- verify` asks for. */
export const examineSecurityEvents = ({ securityEventAtMs: atMs }: Facts): Outcome =>
  atMs === null
    ? { ok: false, situation: "security_events_unknown", values: { at: "" } }
    : { ok: true, situation: "security_events_received", values: { at: isoTime(atMs) } };

/** Who is notified by email of an account that must be reconnected. */
export const examineAlerts = ({ settings: { alerts }, servers }: Facts): Outcome => {
  if (alerts === null) return { ok: false, situation: "alerts_none", values: { server: "", to: "" } };
  const chosen = servers.find(({ id }) => id === alerts.server);
  const values = { server: chosen?.value.name ?? alerts.server, to: alerts.to.join(", ") };
  return chosen !== undefined && canSend(chosen.value)
    ? { ok: true, situation: "alerts_ready", values }
    : { ok: false, situation: "alerts_unable", values };
};
