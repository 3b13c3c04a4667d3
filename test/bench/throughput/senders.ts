import http from "node:http";
import { createTransport, type Transporter } from "nodemailer";
import MailComposer from "nodemailer/lib/mail-composer";
import type { Transport } from "../../../functions/domain/transport.ts";
import { type Ground, serverId } from "./ground.ts";

/** One of the two that are compared. */
export interface Sender {
  /** Resolves with the time at which Gmail had the mail (ms since the epoch). */
  send(account: number): Promise<number>;
  /** What it has used so far. */
  cpuMs(): Promise<number>;
  close(): void;
}

const CONNECTIONS = 8;
const TEXT = "Bonjour. ".repeat(1_112).slice(0, 10_000);

const mailFrom = (from: string) => ({ from, to: "b@example.org", subject: "Bonjour", text: TEXT });

const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Posts JSON (or what a header says) over connections that are kept; returns the answer's. Cheaper than `fetch`. */
export const post = (
  url: string,
  { agent, headers, json }: { agent: http.Agent; headers: Readonly<Record<string, string>>; json: string | Buffer },
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, string>> }> =>
  new Promise((resolve, reject) => {
    const sent = { "Content-Type": "application/json", ...headers, "Content-Length": Buffer.byteLength(json) };
    const request = http.request(url, { method: "POST", agent, headers: sent }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        const text = Buffer.concat(parts).toString();
        if (status < 300) resolve({ status, body: JSON.parse(text) });
        else reject(new Error(`${url}: ${status} ${text}`));
      });
    });
    request.on("error", reject);
    request.end(json);
  });

const loopBySmtp = ({ google: { ready }, smtpPort }: Ground): Pick<Sender, "send" | "close"> => {
  const pools = new Map<number, Transporter>();
  const poolOf = (account: number): Transporter => {
    const { email = "", accessToken = "" } = ready.accounts[account] ?? {};
    const pool =
      pools.get(account) ??
      createTransport({
        pool: true,
        maxConnections: CONNECTIONS,
        maxMessages: Number.POSITIVE_INFINITY,
        host: "127.0.0.1",
        port: smtpPort,
        secure: true,
        tls: { ca: ready.ca },
        auth: { type: "OAuth2", user: email, accessToken },
      });
    pools.set(account, pool);
    return pool;
  };
  return {
    send: async (account) => {
      await poolOf(account).sendMail(mailFrom(ready.accounts[account]?.email ?? ""));
      return Date.now();
    },
    close: () => {
      for (const pool of pools.values()) pool.close();
    },
  };
};

const loopByApi = ({ google: { ready }, httpPort }: Ground): Pick<Sender, "send" | "close"> => {
  const agents = ready.accounts.map(() => new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS }));
  return {
    send: async (account) => {
      const { email = "", accessToken = "" } = ready.accounts[account] ?? {};
      const raw = (await new MailComposer(mailFrom(email)).compile().build()).toString("base64url");
      const headers = { Authorization: `Bearer ${accessToken}` };
      const agent = agents[account] ?? http.globalAgent;
      const json = JSON.stringify({ raw });
      await post(`http://127.0.0.1:${httpPort}/gmail/v1/users/me/messages/send`, { agent, headers, json });
      return Date.now();
    },
    close: () => {
      for (const agent of agents) agent.destroy();
    },
  };
};

/** A loop over nodemailer's pool, or over requests to the API, eight at once an account; its server's CPU included. */
export const rawLoop = (ground: Ground, transport: Transport): Sender => ({
  ...(transport === "smtp" ? loopBySmtp(ground) : loopByApi(ground)),
  cpuMs: async () => ownCpuMs() + (await ground.google.cpuMs()),
});

/** When Gmail has taken which mail. */
export interface Arrivals {
  /** Resolves with the time (ms since the epoch), once. */
  of(messageId: string): Promise<number>;
  close(): void;
}

export const arrivalsAt = ({ google: { child } }: Ground): Arrivals => {
  const arrived = new Map<string, number>();
  const waiting = new Map<string, (atMs: number) => void>();
  const note = (message: unknown): void => {
    const taken: unknown = typeof message === "object" && message !== null ? Reflect.get(message, "taken") : null;
    if (!Array.isArray(taken)) return;
    for (const [messageId, atMs] of taken) {
      const told = waiting.get(messageId);
      if (told === undefined) arrived.set(messageId, atMs);
      else told(atMs);
      waiting.delete(messageId);
    }
  };
  child.on("message", note);
  return {
    of: async (messageId) => {
      const already = arrived.get(messageId);
      arrived.delete(messageId);
      return already ?? new Promise((resolve) => waiting.set(messageId, resolve));
    },
    close: () => child.off("message", note),
  };
};

/** Relais: each mail is a POST. One that waits asks for the answer once Gmail has taken it. */
export const throughRelais = (ground: Ground, transport: Transport, waits: boolean): Sender => {
  const agent = new http.Agent({ keepAlive: true });
  const arrivals = arrivalsAt(ground);
  const headers = { Authorization: `Bearer ${ground.key}`, ...(waits ? { Prefer: "wait=50" } : {}) };
  return {
    send: async (account) => {
      const email = ground.google.ready.accounts[account]?.email ?? "";
      const json = JSON.stringify({ ...mailFrom(email), server: serverId(transport, account) });
      const { status, body } = await post(`${ground.origin}/v1/messages`, { agent, headers, json });
      if (waits && (status !== 200 || body.status !== "sent")) throw new Error(`${status} ${body.status}`);
      return waits ? Date.now() : arrivals.of(body.messageId ?? "");
    },
    cpuMs: () => ground.relais.cpuMs(),
    close: () => {
      arrivals.close();
      agent.destroy();
    },
  };
};
