import type { Client } from "./client.ts";
import type { ApiResult } from "./failure.ts";
import type * as wire from "./types.ts";

const part = (id: string): string => encodeURIComponent(id);

/** The API's calls by name. They always resolve and never throw. */
export const relaisApi = (client: Client) => {
  const get = <T>(path: string, signal?: AbortSignal, query?: Readonly<Record<string, string | number | undefined>>) =>
    client.call<T>({ method: "GET", path, ...(signal && { signal }), ...(query && { query }) });
  /** Reads every page of a list: a statement about all mail servers must include the last one. */
  const all = async <T>(path: string, signal?: AbortSignal): Promise<ApiResult<wire.Listing<T>>> => {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page = await get<wire.Listing<T>>(path, signal, { limit: 200, cursor });
      if (!page.ok) return page;
      items.push(...page.value.items);
      cursor = page.value.next ?? undefined;
    } while (cursor !== undefined);
    return { ok: true, value: { items, next: null } };
  };
  const post = <T>(path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}) =>
    client.call<T>({ method: "POST", path, body, headers });

  return {
    session: {
      read: client.session,
      /** The same without keeping the CSRF token: for what it tells a member. */
      get: (signal?: AbortSignal) => get<wire.Session>("/v1/session", signal),
      open: (setupToken: string) =>
        client.call<void>({ method: "POST", path: "/v1/session", body: { setupToken }, keep401: true }),
      close: () => client.call<void>({ method: "DELETE", path: "/v1/session", keep401: true }),
    },
    servers: {
      list: (signal?: AbortSignal) => all<wire.MailServer>("/v1/mail-servers", signal),
      get: (id: string, signal?: AbortSignal) => get<wire.MailServer>(`/v1/mail-servers/${part(id)}`, signal),
      usage: (id: string, signal?: AbortSignal) => get<wire.Usage>(`/v1/mail-servers/${part(id)}/usage`, signal),
      create: (server: wire.NewMailServer) => post<wire.MailServer>("/v1/mail-servers", server),
      change: (server: Pick<wire.MailServer, "id" | "etag">, patch: wire.MailServerPatch) =>
        client.call<wire.MailServer>({
          method: "PATCH",
          path: `/v1/mail-servers/${part(server.id)}`,
          body: patch,
          headers: { "if-match": `"${server.etag}"` },
        }),
      remove: (id: string, options: { readonly cancelMessages: boolean }) =>
        client.call<unknown>({
          method: "DELETE",
          path: `/v1/mail-servers/${part(id)}`,
          ...(options.cancelMessages && { query: { messages: "cancel" } }),
        }),
      test: (id: string) => post<wire.TestReport>(`/v1/mail-servers/${part(id)}/test`),
      disconnect: (id: string) => post<wire.Disconnected>(`/v1/mail-servers/${part(id)}/disconnect`),
    },
    credentials: {
      get: (signal?: AbortSignal) => get<wire.GmailCredentials>("/v1/settings/gmail-credentials", signal),
      /** Either `{clientId, clientSecret}` or the file from Google's console, unchanged. */
      put: (body: unknown): Promise<ApiResult<wire.GmailCredentials>> =>
        client.call({ method: "PUT", path: "/v1/settings/gmail-credentials", body }),
    },
    settings: {
      get: (signal?: AbortSignal) => get<wire.Settings>("/v1/settings", signal),
      change: (patch: Partial<wire.Settings>) =>
        client.call<wire.Settings>({
          method: "PATCH",
          path: "/v1/settings",
          body: patch,
        }),
    },
    doctor: (signal?: AbortSignal) => get<wire.DoctorReport>("/v1/doctor", signal),
    keys: {
      list: (signal?: AbortSignal) => all<wire.ApiKey>("/v1/keys", signal),
      make: (key: wire.NewApiKey) => post<wire.IssuedKey>("/v1/keys", key),
      revoke: (id: string) => client.call<unknown>({ method: "DELETE", path: `/v1/keys/${part(id)}` }),
    },
    /** By hour or day in UTC, 400 rows at most. */
    stats: (
      wanted: { readonly from: string; readonly by: "hour" | "day"; readonly server?: string },
      signal?: AbortSignal,
    ) => get<wire.Stats>("/v1/stats", signal, wanted),
    audit: (filter: wire.AuditFilter, signal?: AbortSignal) =>
      get<wire.Listing<wire.AuditEntry>>("/v1/audit", signal, { ...filter }),
    sessions: {
      list: (signal?: AbortSignal) => all<wire.SignedIn>("/v1/sessions", signal),
      end: (actor: string) => client.call<void>({ method: "DELETE", path: "/v1/sessions", query: { actor } }),
    },
    messages: {
      list: (filter: wire.MessageFilter, signal?: AbortSignal) =>
        get<wire.Listing<wire.Message>>("/v1/messages", signal, { ...filter }),
      get: (id: string, signal?: AbortSignal) => get<wire.Message>(`/v1/messages/${part(id)}`, signal),
      /** The mail itself. Each reading is in the audit log. */
      content: (id: string, signal?: AbortSignal) =>
        client.call<Uint8Array<ArrayBuffer>>({
          method: "GET",
          path: `/v1/messages/${part(id)}/content`,
          file: true,
          ...(signal && { signal }),
        }),
      /** Waits up to 20 s for a final status; with the key, a second click or a retry sends nothing twice. */
      send: (message: wire.NewMessage, idempotencyKey: string) =>
        post<wire.SentMessage>("/v1/messages", message, { "idempotency-key": idempotencyKey, prefer: "wait=20" }),
      cancel: (id: string) => post<wire.Message>(`/v1/messages/${part(id)}/cancel`),
      retry: (id: string) => post<wire.Message>(`/v1/messages/${part(id)}/retry`),
      /** A new message to others, with the content of a failed one. */
      resend: (id: string, to: string, idempotencyKey: string) =>
        post<wire.SentMessage>(`/v1/messages/${part(id)}/resend`, { to }, { "idempotency-key": idempotencyKey }),
      resolve: (id: string, as: "sent" | "resend" | "failed") =>
        post<wire.Message>(`/v1/messages/${part(id)}/resolve`, { as }),
      reschedule: (id: string, scheduledAt: string) =>
        client.call<wire.Message>({
          method: "PATCH",
          path: `/v1/messages/${part(id)}`,
          body: { scheduledAt },
        }),
    },
  };
};
