import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** A request as it came. */
export interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What to answer; `never` leaves the request open, `hang_up` closes its connection. */
export type Scripted =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | "never"
  | "hang_up";

/** The two requests that the SMTP door makes, answered as a test says by a real HTTP server. */
export interface RelaisStandIn {
  readonly origin: string;
  readonly mails: readonly Heard[];
  readonly sessions: readonly Heard[];
  onSession: (heard: Heard) => Scripted | Promise<Scripted>;
  onMail: (heard: Heard) => Scripted | Promise<Scripted>;
  close(): Promise<void>;
}

export const STAND_IN_KEY = `rk_${"0a".repeat(9)}_${"k".repeat(43)}`;

export const programSession = (permissions: readonly string[] = ["send"]): Scripted => ({
  status: 200,
  body: { actor: "ERP", role: "program", permissions, servers: [] },
});

export const problem = (status: number, code: string, more: object = {}): Scripted => ({
  status,
  body: {
    type: `urn:relais:problem:${code}`,
    title: "Refused",
    status,
    detail: "Advice.",
    code,
    retryable: false,
    ...more,
  },
});

export const accepted = (id = "msg_1"): Scripted => ({
  status: 202,
  body: { id, messageId: "<1@example.com>", server: "srv_1", status: "queued" },
});

/** With a certificate, it speaks https. */
export const startRelaisStandIn = async (
  certificate: { readonly cert: string; readonly key: string } | null = null,
): Promise<RelaisStandIn> => {
  const mails: Heard[] = [];
  const sessions: Heard[] = [];
  const listener: RequestListener = async (req, res) => {
    const parts: Buffer[] = [];
    for await (const part of req) parts.push(part);
    const { method = "", url = "", headers } = req;
    const heard = { method, url, headers, body: Buffer.concat(parts) };
    const isSession = url === "/v1/session";
    (isSession ? sessions : mails).push(heard);
    const answer = await (isSession ? standIn.onSession(heard) : standIn.onMail(heard));
    if (answer === "hang_up") res.destroy();
    if (typeof answer === "string") return;
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    res.writeHead(answer.status, { "Content-Type": "application/json", ...answer.headers }).end(text);
  };
  const server = certificate === null ? createServer(listener) : createHttpsServer(certificate, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const standIn: RelaisStandIn = {
    origin: `${certificate === null ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    sessions,
    onSession: ({ headers }) =>
      headers.authorization === `Bearer ${STAND_IN_KEY}` ? programSession() : problem(401, "unauthenticated"),
    onMail: () => accepted(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return standIn;
};
