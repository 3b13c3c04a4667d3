import type { IncomingMessage, ServerResponse } from "node:http";
import type { Accounts, SandboxAccount } from "./accounts.ts";
import { cookieValue } from "./http.ts";

/** Names the accounts that a browser is signed in to, as Google's own session cookies do. */
const SIGNED_IN_COOKIE = "google_accounts";

export const signedInAccounts = (accounts: Accounts, { headers }: IncomingMessage): readonly SandboxAccount[] =>
  cookieValue(headers.cookie, SIGNED_IN_COOKIE)
    .split(" ")
    .flatMap((sub) => accounts.bySub(sub) ?? []);

export const rememberSignedIn = (
  accounts: Accounts,
  { req, res }: { readonly req: IncomingMessage; readonly res: ServerResponse },
  account: SandboxAccount,
): void => {
  const subs = new Set([...signedInAccounts(accounts, req), account].map(({ sub }) => sub));
  const value = encodeURIComponent([...subs].join(" "));
  res.appendHeader("set-cookie", `${SIGNED_IN_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax`);
};
