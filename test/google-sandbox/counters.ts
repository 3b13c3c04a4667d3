/** Counts the requests to the sandbox, for tests. */
export interface CounterValues {
  /** Successful token answers, by grant type and account address. */
  readonly tokenGrants: Readonly<Record<"authorization_code" | "refresh_token", Readonly<Record<string, number>>>>;
  /** Answers of the revocation endpoint, good and bad. */
  readonly revocations: { readonly accepted: number; readonly refused: number };
  readonly smtpSessions: number;
  /** Calls of Gmail's REST API, by method. */
  readonly gmailCalls: Readonly<Record<string, number>>;
}

export interface Counters {
  tokenGrant(kind: "authorization_code" | "refresh_token", email: string): void;
  revocation(accepted: boolean): void;
  smtpSession(): void;
  gmailCall(method: string): void;
  values(): CounterValues;
}

export const newCounters = (): Counters => {
  const tokenGrants = { authorization_code: new Map<string, number>(), refresh_token: new Map<string, number>() };
  const gmailCalls = new Map<string, number>();
  const revocations = { accepted: 0, refused: 0 };
  let smtpSessions = 0;
  const add = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  return {
    tokenGrant: (kind, email) => add(tokenGrants[kind], email),
    revocation: (accepted) => {
      revocations[accepted ? "accepted" : "refused"] += 1;
    },
    smtpSession: () => {
      smtpSessions += 1;
    },
    gmailCall: (method) => add(gmailCalls, method),
    values: () => ({
      tokenGrants: {
        authorization_code: Object.fromEntries(tokenGrants.authorization_code),
        refresh_token: Object.fromEntries(tokenGrants.refresh_token),
      },
      revocations: { ...revocations },
      smtpSessions,
      gmailCalls: Object.fromEntries(gmailCalls),
    }),
  };
};
