import { grantOf } from "../mail-servers/mail-server.ts";
import { isKnownPublishingStatus } from "../settings/settings.ts";
import { redirectUriOf } from "../settings/settings-view.ts";
import { activeServers, type Facts, type Outcome } from "./facts.ts";

const valuesOf = ({ settings, environment, rejected }: Facts) => ({
  redirectUri: redirectUriOf(environment),
  clientId: settings.gmailCredentials?.clientId ?? "",
  error: rejected ?? "",
});

/** A connected account proves that the current client's type, redirect URI and secret are right. */
const isProven = ({ settings, servers }: Facts): boolean =>
  settings.gmailCredentials !== null &&
  servers.some(({ value }) => grantOf(value)?.clientId === settings.gmailCredentials?.clientId);

export const examineCredentials = (facts: Facts): Outcome => {
  const values = valuesOf(facts);
  if (facts.settings.gmailCredentials === null) return { ok: false, situation: "credentials_missing", values };
  return values.error === ""
    ? { ok: true, situation: "credentials_saved", values }
    : { ok: false, situation: "credentials_rejected", values };
};

export const examineClientType = (facts: Facts): Outcome =>
  isProven(facts) ? { ok: true, situation: "client_proven" } : { ok: false, situation: "client_type_unproven" };

export const examineRedirectUri = (facts: Facts): Outcome => ({
  ok: isProven(facts),
  situation: isProven(facts) ? "client_proven" : "redirect_uri_unproven",
  values: valuesOf(facts),
});

/** Whether the consent screen admits every account that Relais may connect, without a list of test users. */
const needsNoTestUsers = ({ settings: { publishingStatus } }: Facts): boolean =>
  publishingStatus === "internal" || publishingStatus === "production";

export const examinePublishingStatus = (facts: Facts): Outcome => {
  const { publishingStatus } = facts.settings;
  const known = isKnownPublishingStatus(publishingStatus) ? publishingStatus : "undeclared";
  return { ok: needsNoTestUsers(facts), situation: `status_${known}` };
};

export const examineTestUsers = (facts: Facts): Outcome => {
  const active = activeServers(facts);
  const unconnected = active.filter(({ value }) => grantOf(value) === null);
  const values = { usernames: [...new Set(unconnected.map(({ value }) => value.username))].join(", ") };
  if (needsNoTestUsers(facts)) return { ok: true, situation: "test_users_needless", values };
  if (unconnected.length > 0) return { ok: false, situation: "test_users_unproven", values };
  return active.length > 0
    ? { ok: true, situation: "test_users_connected", values }
    : { ok: false, situation: "test_users_unseen", values };
};

export const examineGmailApi = ({ servers }: Facts): Outcome =>
  servers.some(({ value }) => (grantOf(value)?.sendAs ?? null) !== null)
    ? { ok: true, situation: "gmail_api_proven" }
    : { ok: false, situation: "gmail_api_unproven" };
