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

/** Visible ASCII (RFC 6749, appendix A.1 and A.2), but without spaces, which only careless copying brings in. */
const credential = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[\x21-\x7e]*$/, says("not_visible_ascii"));

/** The form of every Google client id (developers.google.com/identity/protocols/oauth2). */
const CLIENT_ID = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.apps\.googleusercontent\.com$/i;

/** Common pasting errors: a masked secret (`****qRsT`), quotes or JSON around it, an id, a token, a code, a key. */
const NOT_A_SECRET = /[*"'`{}<>,;]|\.\.\.|googleusercontent\.com|^(ya29\.|1\/\/|4\/|AIza)/i;

const clientId = credential.pipe(z.string().regex(CLIENT_ID, says("not_client_id")));
const clientSecret = credential.pipe(z.string().refine((text) => !NOT_A_SECRET.test(text), says("not_client_secret")));

/** The client of the local sandbox, whose secret no browser needs to know. */
export const sandboxInput = z.strictObject({ sandbox: z.literal(true) });

export const plainInput = z.strictObject({ clientId, clientSecret });

/** The file that Google's console downloads for a web client; other members are ignored. */
export const webFile = z.strictObject({
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
 * Parses `{clientId, clientSecret}`, Google's file, or, with the local sandbox, `{sandbox: true}`. A desktop client
 * (`installed`) is refused, because Google answers it `redirect_uri_mismatch` (the FAQ of Odoo's guide, "Type
 * d'application"). So is a file without our exact redirect URI, since Google compares it character by character.
 */
export const parseGmailCredentials = (body: unknown, environment: EnvironmentSettings): Result<GivenClient> => {
  if (has(body, "installed")) return fail({ code: "client_type_desktop" });
  if (environment.sandbox && has(body, "sandbox")) {
    const { client } = environment.sandbox;
    const parsed = parseWith(sandboxInput, body);
    return parsed.ok ? ok(client) : parsed;
  }
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
 * Saves the OAuth client by which Relais identifies itself to Google. `invalid_request`, `client_type_desktop`,
 * `redirect_uri_missing`. Throws `Contended`, `Unavailable`.
 *
 * A grant works only with the client that obtained it. After another `clientId` is saved, the next tick moves connected
 * servers to `error` (`client_changed`); they work again if the former client is saved again. A new secret for the same
 * client does not affect them.
 */
export const saveGmailCredentials = async (
  deps: SettingsDeps & { readonly vault: SecretVault },
  principal: Principal,
  body: unknown,
): Promise<Result<ReturnType<typeof gmailCredentialsView>>> => {
  const client = parseGmailCredentials(body, deps.environment);
  if (!client.ok) return client;
  const { clientId, clientSecret } = client.value;
  // The old secret goes last: a crash in between leaves an unused version, never a pointer to a missing one.
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
  // Destroy only the version that this change replaced: a concurrent change may be about to use any newer one.
  const unused = changed.ok ? changed.value.before.gmailCredentials?.secretVersion : secretVersion;
  if (unused !== undefined) await deps.vault.destroy(CLIENT_SECRET, unused);
  return changed.ok ? ok(gmailCredentialsView(changed.value.after, deps.environment)) : changed;
};
