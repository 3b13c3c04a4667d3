import { sendRequest } from "../http/send-request.ts";

/**
 * Configures where Google sends an app's security events, by the RISC API
 * (developers.google.com/identity/protocols/risc, "Register your receiver"; GET `stream/status` is the
 * `get_status_endpoint` of Google's RISC configuration). The API wants a JWT signed by a service account of the app's
 * project. IAM's `signJwt` signs it, so no key file is needed
 * (cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt).
 */
export interface EventStreamOptions {
  /** A service account with `roles/riscconfigs.admin` in the project of the OAuth client. */
  readonly serviceAccount: string;
  /** An OAuth access token of someone with `roles/iam.serviceAccountTokenCreator` on that account. */
  readonly accessToken: () => Promise<string>;
  readonly nowMs: () => number;
  /** Without a trailing slash. Absent: Google's; tests pass a stand-in's. */
  readonly iamRootUrl?: string;
  readonly riscRootUrl?: string;
}

export interface EventStream {
  /** Asks Google to send all events that Relais handles to this https URL. */
  register(url: string): Promise<void>;
  /** The receiver's URL and whether Google sends events; null: nothing is registered. */
  status(): Promise<{ readonly url: string; readonly status: string; readonly events: readonly string[] } | null>;
  /** Asks Google to send a verification event. */
  verify(state: string): Promise<void>;
}

const AUDIENCE = "https://risc.googleapis.com/google.identity.risc.v1beta.RiscManagementService";
const PUSH = "https://schemas.openid.net/secevent/risc/delivery-method/push";
/** Google's samples insist on "exactly one hour". */
const LIFETIME_S = 3_600;
const TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 256 * 1024;

const eventUris = (family: "risc" | "oauth", ...types: readonly string[]): readonly string[] =>
  types.map((type) => `https://schemas.openid.net/secevent/${family}/event-type/${type}`);

const EVENTS = [
  ...eventUris(
    "risc",
    "sessions-revoked",
    "account-disabled",
    "account-enabled",
    "account-purged",
    "account-credential-change-required",
    "verification",
  ),
  ...eventUris("oauth", "tokens-revoked", "token-revoked"),
];

/** Holds Google's own words, which name the missing role or the disabled API. */
class RiscError extends Error {
  override readonly name = "RiscError";
  readonly status: number;

  constructor(act: string, status: number, text: string) {
    super(`could not ${act}: Google answered ${status} ${text.slice(0, 500)}`);
    this.status = status;
  }
}

interface Request {
  readonly act: string;
  readonly url: string;
  readonly bearer: string;
  readonly body?: unknown;
}

const ask = async ({ act, url, bearer, body }: Request): Promise<unknown> => {
  const { status, text } = await sendRequest({
    url,
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    timeoutMs: TIMEOUT_MS,
    largestAnswerBytes: MAX_ANSWER_BYTES,
    keepAlive: false,
  });
  if (status < 200 || status >= 300) throw new RiscError(act, status, text);
  return text === "" ? {} : JSON.parse(text);
};

/** The RISC API over plain REST. Each method throws Google's words if Google refuses or cannot be reached. */
export const eventStream = (options: EventStreamOptions): EventStream => {
  const { serviceAccount, nowMs } = options;
  const iam = options.iamRootUrl ?? "https://iamcredentials.googleapis.com";
  const risc = options.riscRootUrl ?? "https://risc.googleapis.com";
  const signedToken = async (): Promise<string> => {
    const iat = Math.floor(nowMs() / 1_000);
    const claims = { iss: serviceAccount, sub: serviceAccount, aud: AUDIENCE, iat, exp: iat + LIFETIME_S };
    const answer = await ask({
      act: "have IAM sign a token",
      url: `${iam}/v1/projects/-/serviceAccounts/${encodeURIComponent(serviceAccount)}:signJwt`,
      bearer: await options.accessToken(),
      body: { payload: JSON.stringify(claims) },
    });
    const { signedJwt } = answer as { readonly signedJwt?: string };
    if (signedJwt === undefined) throw new Error("IAM's answer holds no signed token");
    return signedJwt;
  };
  const call = async (act: string, path: string, body?: unknown): Promise<unknown> =>
    ask({ act, url: `${risc}/v1beta/${path}`, bearer: await signedToken(), ...(body === undefined ? {} : { body }) });
  return {
    register: async (url) => {
      const body = { delivery: { delivery_method: PUSH, url }, events_requested: EVENTS };
      await call("register the event receiver", "stream:update", body);
      await call("turn the events on", "stream/status:update", { status: "enabled" });
    },
    status: async () => {
      const stream = (await orNullIfMissing(call("read the registration", "stream"))) as StreamAnswer | null;
      if (stream === null) return null;
      const said = (await orNullIfMissing(call("read its status", "stream/status"))) as StatusAnswer | null;
      const events = (stream.events_requested ?? []).map((uri) => uri.slice(uri.lastIndexOf("/") + 1));
      return { url: stream.delivery?.url ?? "", status: said?.status ?? "unknown", events };
    },
    verify: async (state) => {
      await call("ask for a verification", "stream:verify", { state });
    },
  };
};

/** Null on 404: nothing is registered, or Google does not say. */
const orNullIfMissing = async (answer: Promise<unknown>): Promise<unknown> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RiscError && error.status === 404) return null;
    throw error;
  }
};

interface StatusAnswer {
  readonly status?: string;
}

interface StreamAnswer {
  readonly delivery?: { readonly url?: string };
  readonly events_requested?: readonly string[];
}
