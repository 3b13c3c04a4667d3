import { isoTimeOrNull } from "../clock.ts";
import type { EnvironmentSettings, Settings } from "./settings.ts";

/** The redirect URI to which Google sends the browser back; it must be registered with the client exactly. */
export const redirectUriOf = (environment: Pick<EnvironmentSettings, "publicUrl">): string =>
  `${environment.publicUrl}/google_gmail/confirm`;

/** All operators, those of `RELAIS_OPERATORS` first. */
export const allOperators = (settings: Settings, environment: EnvironmentSettings): string[] => [
  ...new Set([...environment.operators, ...settings.operators]),
];

/** What of the settings can be changed, as it is shown. */
export const changeableView = (settings: Settings, environment: EnvironmentSettings) => ({
  operators: allOperators(settings, environment),
  members: settings.members,
  callers: settings.callers,
  retentionDays: settings.retentionDays,
  publishingStatus: settings.publishingStatus,
  paused: settings.paused,
  alerts: settings.alerts === null ? null : { server: settings.alerts.server, to: settings.alerts.to },
});

/** The settings as `GET /v1/settings` shows them. */
export const settingsView = (settings: Settings, environment: EnvironmentSettings) => ({
  ...changeableView(settings, environment),
  smtpDoor: environment.smtpDoor,
  sandbox: environment.sandbox ? { mailboxUrl: environment.sandbox.mailboxUrl } : null,
});

/** The Gmail credentials without their secret; `clientId` and `configuredAt` are null if there are none. */
export const gmailCredentialsView = (settings: Settings, environment: EnvironmentSettings) => ({
  clientId: settings.gmailCredentials?.clientId ?? null,
  redirectUri: redirectUriOf(environment),
  configuredAt: isoTimeOrNull(settings.gmailCredentials?.configuredAtMs ?? null),
});
