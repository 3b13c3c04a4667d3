import { z } from "zod";

const stage = z.enum(["connect", "auth", "mail", "rcpt", "data", "body"]);
export type SmtpStage = z.infer<typeof stage>;
const place = z.enum([
  "authorization",
  "token",
  "revocation",
  "jwks",
  "risc",
  "gmail",
  "messages.send",
  "messages.list",
  "messages.get",
  "settings.sendAs.list",
  "getProfile",
]);
export type HttpPlace = z.infer<typeof place>;

/** Every failure that the sandbox can play; README.md explains each. */
export const faultSchema = z.discriminatedUnion("fault", [
  z.strictObject({ fault: z.literal("deny") }),
  z.strictObject({ fault: z.literal("authorization_error"), error: z.string(), onPage: z.boolean().optional() }),
  z.strictObject({ fault: z.literal("other_account"), use: z.string() }),
  z.strictObject({
    fault: z.literal("http_error"),
    at: place,
    status: z.int().min(400).max(599),
    reason: z.string().optional(),
    retryAfterSeconds: z.int().optional(),
    /** Gmail only: the work is done (the message is stored), but the answer is lost. */
    afterWork: z.boolean().optional(),
  }),
  z.strictObject({ fault: z.literal("stall"), at: place, afterWork: z.boolean().optional() }),
  z.strictObject({
    fault: z.literal("token_error"),
    error: z.string(),
    description: z.string().optional(),
    subtype: z.string().optional(),
    status: z.int().min(400).max(599).optional(),
    grant: z.enum(["authorization_code", "refresh_token"]).optional(),
  }),
  z.strictObject({ fault: z.literal("no_refresh_token") }),
  z.strictObject({ fault: z.literal("rotate_refresh_token") }),
  z.strictObject({ fault: z.literal("refresh_token_expires_in"), seconds: z.int().positive() }),
  z.strictObject({ fault: z.literal("testing_mode"), announced: z.boolean().optional() }),
  z.strictObject({
    fault: z.literal("id_token"),
    is: z.enum([
      "wrong_nonce",
      "wrong_audience",
      "wrong_issuer",
      "email_unverified",
      "bad_signature",
      "expired",
      "missing",
      "another_subject",
    ]),
  }),
  z.strictObject({
    fault: z.literal("smtp_reply"),
    stage,
    code: z.int().min(400).max(599),
    enhanced: z.string().optional(),
    text: z.string().optional(),
    recipient: z.string().optional(),
  }),
  z.strictObject({
    fault: z.literal("smtp_daily_limit"),
    /** `data` by default. */
    stage: z.enum(["mail", "rcpt", "data", "body"]).optional(),
  }),
  z.strictObject({ fault: z.literal("smtp_too_many_logins") }),
  z.strictObject({ fault: z.literal("smtp_stall"), stage }),
  z.strictObject({ fault: z.literal("smtp_slow"), ms: z.int().positive() }),
  z.strictObject({
    fault: z.literal("smtp_drop"),
    when: z.enum(["connect", "auth", "mail", "rcpt", "before_data", "mid_body", "after_last_byte"]),
    /** `after_last_byte`: whether the message is in the mailbox nevertheless; true by default. */
    stored: z.boolean().optional(),
  }),
  z.strictObject({ fault: z.literal("smtp_refuse_tls") }),
  /** EHLO keywords that the server does not offer, in upper case. */
  z.strictObject({ fault: z.literal("smtp_lacks"), extensions: z.array(z.string()) }),
  z.strictObject({ fault: z.literal("search_lag"), ms: z.int().positive() }),
  z.strictObject({ fault: z.literal("rewrite_message_id") }),
]);
export type Fault = z.infer<typeof faultSchema>;
type Of<K extends Fault["fault"]> = Extract<Fault, { fault: K }>;

export const switchOptionsSchema = z.strictObject({
  /** How often it strikes; without it, until it is cleared. */
  times: z.int().positive().optional(),
  /** Only for this account's address. */
  account: z.string().optional(),
});
export type SwitchOptions = z.infer<typeof switchOptionsSchema>;

export interface ActiveSwitch {
  readonly id: string;
  readonly fault: Fault;
  readonly timesLeft: number | null;
  readonly account: string | null;
}

export interface Faults {
  set(fault: Fault, options?: SwitchOptions): string;
  clear(id?: string): void;
  list(): readonly ActiveSwitch[];
  /**
   * Takes the first matching switch of that kind, which counts as one strike. `account` is null while it is unknown.
   */
  take<K extends Fault["fault"]>(kind: K, account: string | null, fits?: (fault: Of<K>) => boolean): Of<K> | null;
}

export const faultBoard = (): Faults => {
  let serial = 0;
  let active: ActiveSwitch[] = [];
  const strike = (one: ActiveSwitch): void => {
    const timesLeft = one.timesLeft === null ? null : one.timesLeft - 1;
    active = active.flatMap((other) =>
      other.id !== one.id ? [other] : timesLeft === 0 ? [] : [{ ...one, timesLeft }],
    );
  };
  return {
    set: (fault, options = {}) => {
      serial += 1;
      const id = String(serial);
      const account = options.account?.toLowerCase() ?? null;
      active.push({ id, fault, timesLeft: options.times ?? null, account });
      return id;
    },
    clear: (id) => {
      active = id === undefined ? [] : active.filter((one) => one.id !== id);
    },
    list: () => [...active],
    take: (kind, account, fits = () => true) => {
      for (const one of active) {
        if (one.account !== null && one.account !== account?.toLowerCase()) continue;
        if (isOf(one.fault, kind) && fits(one.fault)) {
          strike(one);
          return one.fault;
        }
      }
      return null;
    },
  };
};

const isOf = <K extends Fault["fault"]>(fault: Fault, kind: K): fault is Of<K> => fault.fault === kind;
