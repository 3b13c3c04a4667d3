import * as z from "zod";
import { sendRequest } from "../adapters/http/send-request.ts";
import { type Clock, SECOND } from "../domain/clock.ts";
import type { Log } from "../domain/log.ts";
import { memory, recallOrLearn } from "../domain/remembered.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { Secret } from "../domain/secret.ts";
import { sha256Hex } from "../domain/sha256.ts";

/** Who has logged in. */
export interface Login {
  readonly key: Secret;
  /** The key's id, which is no secret. */
  readonly keyId: string;
  /** The mail server that the username names; null: Relais chooses by From. */
  readonly server: string | null;
}

export type LoginFailure = "wrong" | "may_not_send" | "out_of_reach";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Logins {
  prove(credentials: Credentials): Promise<Result<Login, LoginFailure>>;
  /** Called when Relais has refused the key of a login. */
  forget(login: Login): void;
}

export interface LoginDeps {
  readonly relaisUrl: string;
  readonly clock: Pick<Clock, "nowMs" | "lasting">;
  readonly log: Log;
}

/** Checked before the password is put into a header. */
const API_KEY = /^rk_(?<id>[0-9A-Za-z]{1,64})_[\w-]{1,256}$/;
/** The username that names no mail server. */
const ANY_SERVER = "relais";
const LONGEST_USERNAME = 320;

/** Programs connect for each mail. Relais judges the key again with each of them, so a login may be out of date. */
const REMEMBERED_MS = 15 * SECOND;
const MOST_REMEMBERED = 1_000;
const TIMEOUT_MS = 10 * SECOND;
const LARGEST_ANSWER_BYTES = 256 * 1024;

/** The answer of `GET /v1/session` to a key. */
const SESSION = z.object({ role: z.string(), permissions: z.array(z.string()) });

type Proof = "proven" | LoginFailure;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const proofIn = (text: string): Proof => {
  const session = SESSION.safeParse(parseJson(text));
  // Something else than Relais has answered.
  if (!session.success) return "out_of_reach";
  return session.data.role === "program" && session.data.permissions.includes("send") ? "proven" : "may_not_send";
};

/** Asks Relais whether a key is valid and may send. */
const askFor = async ({ relaisUrl, log }: LoginDeps, key: Secret): Promise<Proof> => {
  try {
    const { status, text } = await sendRequest({
      url: `${relaisUrl}/v1/session`,
      method: "GET",
      headers: { authorization: `Bearer ${key.reveal()}`, accept: "application/json" },
      timeoutMs: TIMEOUT_MS,
      largestAnswerBytes: LARGEST_ANSWER_BYTES,
      keepAlive: false,
    });
    if (status === 401) return "wrong";
    const proof = status === 200 ? proofIn(text) : "out_of_reach";
    if (proof === "out_of_reach") log.warn("door_login_unanswered", { status });
    return proof;
  } catch (error) {
    log.error("door_relais_unreachable", { request: "GET /v1/session" }, error);
    return "out_of_reach";
  }
};

const serverIn = (username: string): string | null => (username.toLowerCase() === ANY_SERVER ? null : username);

export const loginsAt = (deps: LoginDeps): Logins => {
  // By digest, so that no key stays in memory. Only what Relais has confirmed is remembered.
  const known = memory<Promise<Proof>>({ clock: deps.clock, forMs: REMEMBERED_MS, most: MOST_REMEMBERED });
  const proofOf = async (key: Secret): Promise<Proof> => {
    const digest = sha256Hex(key.reveal());
    const proof = await recallOrLearn(known, digest, () => askFor(deps, key));
    if (proof !== "proven") known.forget(digest);
    return proof;
  };
  return {
    prove: async ({ username, password }) => {
      const keyId = API_KEY.exec(password)?.groups?.id;
      const named = username.trim();
      if (keyId === undefined || named === "" || named.length > LONGEST_USERNAME) return fail("wrong");
      const key = new Secret(password);
      const proof = await proofOf(key);
      return proof === "proven" ? ok({ key, keyId, server: serverIn(named) }) : fail(proof);
    },
    forget: ({ key }) => known.forget(sha256Hex(key.reveal())),
  };
};
