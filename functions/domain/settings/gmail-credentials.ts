import * as z from "zod";
import { type Principal, principalName } from "../access/records.ts";
import { parseWith, says } from "../field-problems.ts";
import { fail, ok, type Result } from "../result.ts";
import { Secret } from "../secret.ts";
import type { SecretName, SecretVault } from "../secret-vault.ts";
import { changeSettings, type SettingsDeps } from "./change-settings.ts";
import type { EnvironmentSettings } from "./settings.ts";
import { gmailCredentialsView, redirectUriOf } from "./settings-view.ts";

const CLIENT_SECRET: SecretName = { kind: "client_secret" };

/** Visible ASCII, as RFC 6749 (appendix A.1, A.2) has both, without spaces, which only come from careless copying. */
const credential = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[\x21-\x7e]*$/, says("not_visible_ascii"));

/** Every OAuth client of Google's has such an id (developers.google.com/identity/protocols/oauth2). */
const CLIENT_ID = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.apps\.googleusercontent\.com$/i;

/** What is pasted in place of a secret: its masked form (`****qRsT`), quotes or JSON around it, an id, a token, a code, an API key. */
const NO_SECRET = /[*"'`{}<>,;]|\.\.\.|googleusercontent\.com|^(ya29\.|1\/\/|4\/|AIza)/i;

const clientId = credential.pipe(z.string().regex(CLIENT_ID, says("not_client_id")));
const clientSecret = credential.pipe(z.string().refine((text) => !NO_SECRET.test(text), says("not_client_secret")));

const plainInput = z.strictObject({ clientId, clientSecret });

/** The file that Google's console downloads for a web client; it holds more than is needed here. */
const webFile = z.strictObject({
  web: z.object({
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: z.array(z.string()).default([]),
  }),
});

interface GivenClient {
  readonly clientId: string;
  readonly clientSecret: Secret;
}

const has = (body: unknown, member: string): boolean =>
  typeof body === "object" && body !== null && Object.hasOwn(body, member);

/**
 * `{clientId, clientSecret}` or Google's file. A desktop client (`installed`) is refused, since Google answers it `redirect_uri_mismatch`
 * (the FAQ of Odoo's guide, "Type d'application"); so is a file that lacks our redirect URI, character for character as Google compares.
 */
export const parseGmailCredentials = (body: unknown, environment: EnvironmentSettings): Result<GivenClient> => {
  if (has(body, "installed")) return fail({ code: "client_type_desktop" });
  if (!has(body, "web")) {
    const plain = parseWith(plainInput, body);
    return plain.ok ? ok({ ...plain.value, clientSecret: new Secret(plain.value.clientSecret) }) : plain;
  }
  const file = parseWith(webFile, body);
  if (!file.ok) return file;
  const { client_id, client_secret, redirect_uris } = file.value.web;
  const redirectUri = redirectUriOf(environment);
  return redirect_uris.includes(redirectUri)
    ? ok({ clientId: client_id, clientSecret: new Secret(client_secret) })
    : fail({ code: "redirect_uri_missing", redirectUri });
};

/**
 * Saves the OAuth client that Relais speaks to Google as. `invalid_request`, `client_type_desktop`, `redirect_uri_missing`.
 * Throws `Contended`, `Unavailable`.
 *
 * Grants belong to the client they were given to. Another `clientId` does not lose those of the servers connected through the former one: they serve
 * again if that is saved again. Meanwhile Google refuses to refresh them: the next tick puts those servers into `error` (`client_changed`), and the
 * doctor names them. A new secret for the same client changes nothing for them.
 */
export const saveGmailCredentials = async (
  deps: SettingsDeps & { readonly vault: SecretVault },
  principal: Principal,
  body: unknown,
): Promise<Result<ReturnType<typeof gmailCredentialsView>>> => {
  const client = parseGmailCredentials(body, deps.environment);
  if (!client.ok) return client;
  const { clientId, clientSecret } = client.value;
  // Secret, then pointer, then the old secret's end: a crash in between leaves one version too many, never a pointer to nothing.
  const secretVersion = await deps.vault.add(CLIENT_SECRET, clientSecret);
  const configuredAtMs = deps.clock.nowMs();
  const changed = await changeSettings(
    deps,
    (before) => {
      const gmailCredentials = { ...before.gmailCredentials, clientId, secretVersion, configuredAtMs };
      return ok({ ...before, gmailCredentials });
    },
    ({ before }) => ({
      actor: principalName(principal),
      action: "settings.gmail_credentials",
      target: "settings",
      detail: { clientId, formerClientId: before.gmailCredentials?.clientId ?? null },
    }),
  );
  // Only the version that this very change superseded: another change at the same time may be about to point to any newer one.
  const useless = changed.ok ? changed.value.before.gmailCredentials?.secretVersion : secretVersion;
  if (useless !== undefined) await deps.vault.destroy(CLIENT_SECRET, useless);
  return changed.ok ? ok(gmailCredentialsView(changed.value.after, deps.environment)) : changed;
};
