import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a token endpoint answers; null if it closes the connection without an answer. */
export type Scripted = {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly truncated?: boolean;
} | null;

/** What an answer must lead to. */
export type Meaning = "ended" | "client_rejected" | "put_off";
export interface Case {
  readonly what: string;
  readonly answer: Scripted;
  readonly meaning: Meaning;
  /** The reason that must be shown for an end, if the answer gives one. */
  readonly reason?: string;
}

/** Ends that give a reason, as reported in public (see `reason-of-end.ts`), some of them reworded. */
const TOLD: readonly (readonly [error: string, description: string | null, subtype: string | null, reason: string])[] =
  [
    ["invalid_grant", "Account has been deleted", null, "account_deleted"],
    ["invalid_grant", "The account was deleted.", "account_deleted", "account_deleted"],
    ["invalid_grant", "Account disabled", null, "account_disabled"],
    ["invalid_grant", "Bad Request", "account_disabled", "account_disabled"],
    ["invalid_grant", "reauth related error", "invalid_rapt", "session_policy"],
    ["invalid_grant", "reauth related error (rapt_required)", null, "session_policy"],
    ["invalid_grant", null, "rapt_required", "session_policy"],
    ["policy_enforced", "Advanced Protection prevented access", null, "advanced_protection"],
    ["invalid_grant", "Bad Request", "advanced_protection", "advanced_protection"],
    ["access_denied", "Account restricted", null, "account_disabled"],
    ["admin_policy_enforced", "Access is restricted by policies within your organization.", null, "admin_policy"],
    ["org_internal", "This client is restricted to users within its organization.", null, "org_internal"],
  ];

const ENDS = ["invalid_grant", "admin_policy_enforced", "policy_enforced", "org_internal", "access_denied"];
const CLIENT = ["invalid_client", "unauthorized_client", "disabled_client", "deleted_client", "redirect_uri_mismatch"];
/** Codes of Google's, of RFC 6749 and of neither, some of them similar to those that count. */
const OTHERS = [
  "internal_error",
  "internal_failure",
  "server_error",
  "temporarily_unavailable",
  "backend_error",
  "rate_limit_exceeded",
  "slow_down",
  "invalid_request",
  "invalid_scope",
  "unsupported_grant_type",
  "quota_exceeded",
  "grant_invalid",
  "invalid_grants",
  "invalid_grant ",
  " access_denied",
  "INVALID_GRANT",
  "invalid-grant",
  "Access_Denied",
  "client_invalid",
  "invalid_client_",
  "__proto__",
  "constructor",
  "été",
  "x".repeat(3_000),
];

const STATUSES = [200, 202, 302, 307, 400, 401, 403, 404, 408, 409, 410, 418, 422, 429, 451, 500, 502, 503, 504];
const JSON_TYPE = "application/json; charset=utf-8";

/** The same code given in ways that count, and in ways that do not. */
const says = (error: string): readonly (readonly [what: string, type: string, body: string])[] => [
  ["bare", JSON_TYPE, JSON.stringify({ error })],
  ["described", JSON_TYPE, JSON.stringify({ error, error_description: "Bad Request", error_uri: "https://e.invalid" })],
  [
    "odd members",
    "text/plain",
    JSON.stringify({ error, error_description: { a: [1] }, error_subtype: 7, extra: null }),
  ],
];
const mentions = (error: string): readonly (readonly [what: string, type: string, body: string])[] => [
  ["nested", JSON_TYPE, JSON.stringify({ error: { code: 400, message: error, status: error } })],
  ["in a list", JSON_TYPE, JSON.stringify([{ error }])],
  ["as text", JSON_TYPE, JSON.stringify(error)],
  ["described only", JSON_TYPE, JSON.stringify({ error: "internal_error", error_description: error })],
  ["subtype only", JSON_TYPE, JSON.stringify({ error: "unknown_error", error_subtype: error })],
  ["as a page", "text/html", `<!doctype html><title>Error</title><p>error: ${error}</p>`],
  ["as a form", "application/x-www-form-urlencoded", `error=${error}`],
  ["cut off", JSON_TYPE, `{"error": "${error}", "error_desc`],
  ["two values", JSON_TYPE, `{"error":"${error}"}{"error":"${error}"}`],
];

/**
 * A complete answer with an error code that comes from the endpoint itself, rather than from what is in front of it or
 * broke within it.
 */
const speaks = (status: number): boolean =>
  status === 200 || (status >= 400 && status < 500 && ![408, 429].includes(status));

const meaningOf = (status: number, error: string): Meaning => {
  if (!speaks(status)) return "put_off";
  if (ENDS.includes(error)) return "ended";
  return CLIENT.includes(error) ? "client_rejected" : "put_off";
};

const word = (): string => `e${randomBytes(6).toString("hex").replaceAll(/\d/g, "_")}`;

/** Answers without any code. */
const ODD: readonly Scripted[] = [
  null,
  { status: 200, type: JSON_TYPE, body: "" },
  { status: 200, type: JSON_TYPE, body: "{}" },
  { status: 200, type: JSON_TYPE, body: "null" },
  { status: 200, type: JSON_TYPE, body: JSON.stringify({ access_token: "", expires_in: 3_599 }) },
  { status: 200, type: JSON_TYPE, body: JSON.stringify({ access_token: 7, token_type: "Bearer" }) },
  { status: 200, type: JSON_TYPE, body: JSON.stringify({ expires_in: 3_599, scope: "openid" }) },
  { status: 200, type: JSON_TYPE, body: '{"access_token":"ya29.half' },
  { status: 200, type: "text/html", body: "<p>Sign in to the hotel's network</p>" },
  { status: 200, type: JSON_TYPE, body: JSON.stringify({ error: "invalid_grant" }), truncated: true },
  { status: 400, type: JSON_TYPE, body: JSON.stringify({ error: "invalid_grant" }), truncated: true },
  { status: 400, type: JSON_TYPE, body: JSON.stringify({ error: "invalid_grant", pad: "x".repeat(400_000) }) },
  { status: 400, type: JSON_TYPE, body: "[".repeat(100_000) },
  { status: 400, type: JSON_TYPE, body: JSON.stringify({ error: "" }) },
  { status: 400, type: JSON_TYPE, body: JSON.stringify({ error: null }) },
  { status: 400, type: JSON_TYPE, body: JSON.stringify({ error: ["invalid_grant"] }) },
  { status: 400, type: JSON_TYPE, body: JSON.stringify({ Error: "invalid_grant" }) },
  { status: 403, type: "text/html; charset=utf-8", body: "<!doctype html><title>Error 403 (Forbidden)!!1</title>" },
  { status: 403, type: JSON_TYPE, body: "" },
  { status: 503, type: "text/plain", body: "upstream connect error", headers: { "retry-after": "86400" } },
  { status: 429, type: JSON_TYPE, body: "{}", headers: { "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" } },
  { status: 302, type: "text/html", body: "", headers: { location: "/elsewhere" } },
];

const named = (answer: Scripted): string =>
  answer === null ? "closes the connection" : `${answer.status} ${answer.type} ${answer.body.slice(0, 60)}`;

/**
 * Every status with every code, in alternating forms; every way to mention a code; what contains none; and codes that
 * are made up at each run.
 */
export const answerCases = (): readonly Case[] => {
  const invented = Array.from({ length: 16 }, word);
  const cases: Case[] = ODD.map((answer) => ({ what: named(answer), answer, meaning: "put_off" }));
  const add = (status: number, error: string, form: readonly [string, string, string], meaning: Meaning): void => {
    const [how, type, body] = form;
    cases.push({ what: `${status} ${error.slice(0, 40)} ${how}`, answer: { status, type, body }, meaning });
  };
  let turn = 0;
  const next = <T>(items: readonly T[]): T => {
    turn += 1;
    return items[turn % items.length] as T;
  };
  for (const status of STATUSES) {
    for (const error of [...ENDS, ...CLIENT, next(OTHERS), next(OTHERS), next(OTHERS), next(OTHERS), next(invented)]) {
      add(status, error, next(says(error)), meaningOf(status, error));
    }
    for (const error of [...ENDS, next(CLIENT)]) add(status, error, next(mentions(error)), "put_off");
  }
  for (const [error, error_description, error_subtype, reason] of TOLD) {
    const body = JSON.stringify({ error, error_description, error_subtype });
    cases.push({ what: body, answer: { status: 400, type: JSON_TYPE, body }, meaning: "ended", reason });
  }
  for (const error of OTHERS) for (const form of says(error)) add(400, error, form, "put_off");
  for (const error of ENDS) for (const form of says(error)) add(400, error, form, "ended");
  for (const error of ENDS) for (const form of mentions(error)) add(400, error, form, "put_off");
  return cases;
};

export interface ScriptedGoogle {
  readonly origin: string;
  /** From now on it answers by the script, or normally. */
  well: boolean;
  /** Which server's mail it has accepted. */
  readonly sentBy: Set<number>;
  close(): Promise<void>;
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
};

const answerAs = (response: ServerResponse, answer: Scripted): void => {
  if (answer === null) return void response.destroy();
  const length = Buffer.byteLength(answer.body) + (answer.truncated === true ? 10 : 0);
  response.writeHead(answer.status, { "content-type": answer.type, "content-length": length, ...answer.headers });
  if (answer.truncated !== true) return void response.end(answer.body);
  response.write(answer.body, () => response.destroy());
};

/**
 * A token endpoint, and as much of Gmail's API as sending a mail needs, over HTTP. The refresh token is the number of
 * the case, and so is the access token, so nothing needs to be stored.
 */
export const scriptedGoogle = async (cases: readonly Case[]): Promise<ScriptedGoogle> => {
  const sentBy = new Set<number>();
  const google = { well: false, sentBy };
  const json = (response: ServerResponse, status: number, body: unknown): void =>
    answerAs(response, { status, type: JSON_TYPE, body: JSON.stringify(body) });
  const server = createServer(async (request, response) => {
    const text = await textOf(request);
    if (request.url === "/token") {
      const at = Number(new URLSearchParams(text).get("refresh_token"));
      const scripted = cases[at];
      if (!google.well && scripted !== undefined) return answerAs(response, scripted.answer);
      const scope = "openid https://mail.google.com/";
      return json(response, 200, { access_token: String(at), expires_in: 3_599, scope, token_type: "Bearer" });
    }
    if (request.url?.includes("/messages/send") === true) {
      sentBy.add(Number(request.headers.authorization?.replace("Bearer ", "")));
      return json(response, 200, { id: "1", threadId: "1", labelIds: ["SENT"] });
    }
    return json(response, 404, { error: { code: 404, message: "not here", errors: [] } });
  });
  await new Promise<void>((up) => server.listen(0, "127.0.0.1", up));
  return Object.assign(google, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
};
