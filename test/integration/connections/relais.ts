import assert from "node:assert/strict";
import { googleOAuth } from "../../../functions/adapters/google-oauth/google-oauth.ts";
import type { SessionActor } from "../../../functions/domain/access/records.ts";
import { newSession } from "../../../functions/domain/access/sessions.ts";
import { operatorAlerts } from "../../../functions/domain/alerts/tell-operators.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import type { Announcement, TopicMessage } from "../../../functions/domain/publisher.ts";
import { newId } from "../../../functions/domain/randomness.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import type { SecretVault } from "../../../functions/domain/secret-vault.ts";
import { readSettings, SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import type { Settings } from "../../../functions/domain/settings/settings.ts";
import { routes as authorizeStart } from "../../../functions/runtime/handlers/authorize-start.ts";
import { routes as confirmCallback } from "../../../functions/runtime/handlers/confirm-callback.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { accountOf } from "../../builders/account.ts";
import { type MovableClock, movableClock } from "../../builders/clock.ts";
import { type LoggedLine, serveRoutes, testSystem } from "../../builders/edge.ts";
import { mailServer } from "../../builders/mail-server.ts";
import { testStore } from "../../builders/store.ts";
import { telling } from "../../builders/telling.ts";
import { consent } from "../../google-sandbox/consent-walker.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

type Choice = Omit<Parameters<typeof consent>[1], "account"> & { readonly account?: string };

/** One browser profile: it has its `__session` cookie, and reaches Relais by HTTP. */
export class Browser {
  readonly #origin: string;
  cookie: string | null;

  constructor(origin: string, cookie: string | null) {
    this.#origin = origin;
    this.cookie = cookie;
  }

  /** Redirects are returned, not followed. `path` may be an absolute URL, of which only path and query count. */
  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#ask("GET", path, headers);
  }

  head(path: string): Promise<Response> {
    return this.#ask("HEAD", path, {});
  }

  async #ask(method: "GET" | "HEAD", path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { pathname, search } = new URL(path, this.#origin);
    const answer = await fetch(`${this.#origin}${pathname}${search}`, {
      method,
      redirect: "manual",
      headers: {
        accept: "text/html",
        ...(this.cookie === null ? {} : { cookie: `__session=${this.cookie}` }),
        ...headers,
      },
    });
    const set = answer.headers.getSetCookie().map((line) => /^__session=([^;]*)/.exec(line)?.[1]);
    if (set[0] !== undefined) this.cookie = set[0];
    return answer;
  }

  /** Goes from Relais to Google, and returns the authorization URL. */
  async toGoogle(path: string): Promise<string> {
    const answer = await this.get(path);
    assert.equal(answer.status, 302, await answer.text());
    return answer.headers.get("location") ?? "";
  }

  /** Goes from Relais to Google and through the consent, up to the URL that Google sends the browser back to. */
  async consent(path: string, choice: Choice = {}): Promise<string> {
    const { callbackUrl } = await consent(await this.toGoogle(path), { account: "ada@example.com", ...choice });
    return callbackUrl;
  }

  /** Goes the whole way: consent, and back to Relais. */
  async connect(serverId: string, choice: Choice = {}): Promise<Response> {
    return this.get(await this.consent(`/google_gmail/authorize?server=${serverId}`, choice));
  }
}

export interface Relais {
  readonly origin: string;
  readonly system: System;
  readonly sandbox: GoogleSandbox;
  readonly clock: MovableClock;
  readonly announced: Announcement[];
  readonly lines: readonly LoggedLine[];
  readonly published: { readonly topic: string; readonly message: TopicMessage }[];
  addServer(changes?: Partial<MailServer>): Promise<string>;
  server(id: string): Promise<MailServer>;
  editSettings(changes: Partial<Settings>): Promise<void>;
  /** A browser without a session, or with a session of that actor. */
  browser(actor?: SessionActor): Promise<Browser>;
  close(): Promise<void>;
}

interface Options {
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: MovableClock;
  readonly withoutCredentials?: boolean;
  /** Replaces the store's own. */
  readonly vault?: SecretVault;
}

/** `authorize-start` and `confirm-callback` over real HTTP, with a store in memory and a Google of its own. */
export const startRelais = async (options: Options = {}): Promise<Relais> => {
  const clock = options.clock ?? movableClock();
  const sandbox = await startGoogleSandbox({ nowMs: clock.nowMs });
  const base = testSystem({ RELAIS_OPERATORS: "operator@example.com", ...sandbox.environment, ...options.environment });
  const store = testStore(clock);
  const announced: Announcement[] = [];
  const published: { topic: string; message: TopicMessage }[] = [];
  const system: System = telling({
    ...base,
    ...store,
    vault: options.vault ?? store.vault,
    clock,
    oauth: googleOAuth(base.config, clock),
    announce: async (announcement) => void announced.push(announcement),
    alert: operatorAlerts({ ...base, records: store.records, clock }),
    publisher: { publish: async (topic, message) => void published.push({ topic, message }) },
  });
  const edge = await serveRoutes([...authorizeStart(system), ...confirmCallback(system)], system);
  const { records } = store;
  const editSettings = async (changes: Partial<Settings>): Promise<void> => {
    const { stored } = await readSettings(records, system.environment);
    await records.commit([{ op: "put", kind: "settings", id: SETTINGS_ID, value: { ...stored, ...changes } }]);
  };
  if (options.withoutCredentials !== true) {
    const secretVersion = await system.vault.add({ kind: "client_secret" }, new Secret(sandbox.client.secret));
    const gmailCredentials = { clientId: sandbox.client.id, secretVersion, configuredAtMs: clock.nowMs() };
    await editSettings({ gmailCredentials });
  }
  return {
    origin: edge.origin,
    system,
    sandbox,
    clock,
    announced,
    lines: base.lines,
    published,
    editSettings,
    addServer: async (changes = {}) => {
      const id = newId(system.random, "srv");
      await records.commit([{ op: "create", kind: "mailServers", id, value: mailServer(changes) }]);
      return id;
    },
    server: async (id) => {
      const server = await records.get("mailServers", id);
      assert.ok(server, `${id} is there`);
      return server.value;
    },
    browser: async (actor) => {
      if (actor === undefined) return new Browser(edge.origin, null);
      const session = newSession(system, actor, null);
      await records.commit(session.writes);
      return new Browser(edge.origin, session.id);
    },
    close: async () => {
      await edge.close();
      await sandbox.close();
      store.close();
    },
  };
};

export const SETUP: SessionActor = { kind: "setup" };
export const personOf = (email: string): SessionActor => ({
  kind: "google",
  ...accountOf(email),
  sub: `sub of ${email}`,
});

/** The page that a callback must answer with: status, code in header and page, advice, and the link back. */
export const assertPage = async (
  answer: Response,
  expected: { readonly status: number; readonly code: string; readonly link: string; readonly says?: RegExp },
): Promise<string> => {
  const page = await answer.text();
  assert.equal(answer.status, expected.status, page);
  assert.equal(answer.headers.get("x-relais-problem"), expected.code);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/html/);
  assert.match(answer.headers.get("cache-control") ?? "", /no-store/);
  const policy = answer.headers.get("content-security-policy") ?? "";
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline/);
  assert.ok(page.includes(`<code>${expected.code}</code>`), "the code stands in the page");
  assert.ok(page.includes(`href="${expected.link}"`), `the page links to ${expected.link}`);
  if (expected.says !== undefined) assert.match(page, expected.says);
  return page;
};
