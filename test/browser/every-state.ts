import type { Page } from "playwright-core";
import type { Attempt, Connection, MailServer, Message } from "../../functions/console/api/types.ts";
import type { FurnishedStack } from "./furnished-stack.ts";

/** A page with a record in a state that takes days, or Google, to reach. */
export interface PageState {
  readonly what: string;
  readonly path: string;
  /** Runs before the page opens: changes the API's response on its way, so that the rest of the record is real. */
  readonly arrange: (page: Page) => Promise<void>;
}

const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

const rewrite = async <T>(page: Page, url: RegExp, change: (body: T) => T): Promise<void> => {
  await page.route(url, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: change(await response.json()) });
  });
};

type Change = (server: MailServer) => MailServer;

const connection =
  (changed: Partial<Connection>): Change =>
  (server) =>
    // A server that was never connected stays so: the furnished stack shows that state.
    server.connection.state === "not_connected"
      ? server
      : { ...server, connection: { ...server.connection, ...changed } };

const SERVERS: Readonly<Record<string, Change>> = {
  expiring: connection({ state: "expiring", reason: "testing_7d", expiresAt: inDays(2) }),
  "reconnect required": connection({ state: "reconnect_required", reason: "password_or_revoked" }),
  error: connection({ state: "error", reason: "scope_missing" }),
  archived: (server) => ({ ...server, active: false }),
};

/** Changes the record and its entry in every list. */
const rewriteServer =
  (change: Change) =>
  async (page: Page): Promise<void> => {
    await rewrite<{ items: MailServer[] }>(page, /\/v1\/mail-servers\?/, (list) => ({
      ...list,
      items: list.items.map(change),
    }));
    await rewrite<MailServer>(page, /\/v1\/mail-servers\/[^/?]+$/, change);
  };

const DEFERRED: Attempt = {
  at: inDays(0),
  outcome: "deferred",
  smtp: { code: 421, enhanced: "4.3.0", response: "Temporary System Problem. Try again later." },
  problem: "temporarily_refused",
};

const MESSAGES: Readonly<Record<string, Partial<Message>>> = {
  queued: { status: "queued", attempts: [] },
  sending: { status: "sending", attempts: [] },
  deferred: { status: "deferred", attempts: [DEFERRED], nextAttemptAt: inDays(0.02) },
  "held by a limit": { status: "held", heldBecause: "limit_reached" },
  "held to reconnect": { status: "held", heldBecause: "reconnect_required" },
  "held by the pause": { status: "held", heldBecause: "paused" },
  canceled: { status: "canceled" },
  expired: { status: "expired", expiresAt: inDays(-1) },
};

/** Every state of a mail server and of a message that the furnished stack does not have. */
export const everyState = (stack: FurnishedStack): readonly PageState[] => [
  ...Object.entries(SERVERS).map(([state, change]) => ({
    what: `server, ${state}`,
    path: stack.pages["connected server"].replace("?connected=1", ""),
    arrange: rewriteServer(change),
  })),
  ...(["home", "servers", "audit"] as const).flatMap((what) =>
    (["expiring", "reconnect required"] as const).map((state) => ({
      what: `${what}, ${state}`,
      path: stack.pages[what],
      arrange: rewriteServer(SERVERS[state] as Change),
    })),
  ),
  ...Object.entries(MESSAGES).map(([state, changed]) => ({
    what: `message, ${state}`,
    path: stack.pages["sent message"],
    arrange: (page: Page) =>
      rewrite<Message>(page, /\/v1\/messages\/[^/?]+$/, (message) => ({ ...message, ...changed })),
  })),
];
