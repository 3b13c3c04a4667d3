import { randomBytes, randomInt } from "node:crypto";
import type { AdapterPayload } from "oidc-provider";
import { oidcAdapter } from "./oidc-adapter.ts";
import type { State } from "./state.ts";

export interface SandboxClient {
  readonly id: string;
  readonly secret: string;
}

/** The OAuth clients of the sandbox's "Google Cloud project". */
export interface Clients {
  readonly web: SandboxClient;
  readonly desktop: SandboxClient;
  /** Replaces the exact redirect URIs of the web client. */
  setRedirectUris(uris: readonly string[]): Promise<void>;
  redirectUris(): readonly string[];
  /** Another web client; id and secret are made where not given. */
  register(client: Partial<SandboxClient> & { readonly redirectUris: readonly string[] }): Promise<SandboxClient>;
  /** A new secret for the web client: the old one is `invalid_client` from now on. */
  resetSecret(): Promise<SandboxClient>;
}

interface ClientSource {
  readonly state: State;
  readonly given: Partial<SandboxClient> | null;
  readonly redirectUris: readonly string[];
}

export const clientsOf = async ({ state, given, redirectUris }: ClientSource): Promise<Clients> => {
  const adapter = oidcAdapter(state, "Client");
  const put = (client: SandboxClient, uris: readonly string[], type: "web" | "native") =>
    adapter.upsert(client.id, metadata(client, uris, type));
  const kept = async (key: string): Promise<SandboxClient> =>
    JSON.parse(await state.kept(key, () => JSON.stringify(newClient())));
  let web: SandboxClient = { ...(await kept("web-client")), ...given };
  let uris = redirectUris;
  const desktop = await kept("desktop-client");
  await put(web, uris, "web");
  await put(desktop, ["http://127.0.0.1", "http://localhost"], "native");
  return {
    get web() {
      return web;
    },
    desktop,
    redirectUris: () => uris,
    setRedirectUris: async (next) => {
      uris = next;
      await put(web, uris, "web");
    },
    register: async ({ redirectUris: own, ...rest }) => {
      const client = { ...newClient(), ...rest };
      await put(client, own, "web");
      return client;
    },
    resetSecret: async () => {
      web = { id: web.id, secret: newClient().secret };
      state.writeMeta("web-client", JSON.stringify(web));
      await put(web, uris, "web");
      return web;
    },
  };
};

const newClient = (): SandboxClient => ({
  id: `${randomInt(1e11, 1e12)}-${randomBytes(16).toString("hex")}.apps.googleusercontent.com`,
  secret: `GOCSPX-${randomBytes(21).toString("base64url")}`,
});

const metadata = (client: SandboxClient, uris: readonly string[], type: "web" | "native"): AdapterPayload =>
  ({
    client_id: client.id,
    client_secret: client.secret,
    client_name: "Relais",
    application_type: type,
    redirect_uris: [...uris],
    response_types: ["code"],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "client_secret_post",
  }) satisfies AdapterPayload;

/** The JSON file that Google's console lets one download for a client. */
export const clientSecretFile = (
  client: SandboxClient,
  about: { readonly kind: "web" | "installed"; readonly origin: string; readonly redirectUris: readonly string[] },
) => ({
  [about.kind]: {
    client_id: client.id,
    project_id: "relais-sandbox",
    auth_uri: `${about.origin}/o/oauth2/v2/auth`,
    token_uri: `${about.origin}/token`,
    auth_provider_x509_cert_url: `${about.origin}/oauth2/v1/certs`,
    client_secret: client.secret,
    redirect_uris: about.redirectUris,
  },
});
