/** An account's "Send mail as" address; From may contain it unless it is `pending`. */
export interface SendAsAddress {
  readonly email: string;
  readonly name: string;
  /** `none`: an alias of the Workspace domain itself, which Gmail lists without a `verificationStatus`. */
  readonly verification: "accepted" | "pending" | "none";
}

/** A Google account in the sandbox. */
export interface SandboxAccount {
  /** Google's stable account id: 21 digits. */
  readonly sub: string;
  /** The primary address. */
  readonly email: string;
  readonly name: string;
  /** The Workspace domain; null for a consumer account (gmail.com). */
  readonly hostedDomain: string | null;
  readonly sendAs: readonly SendAsAddress[];
}

export const defaultAccounts: readonly SandboxAccount[] = [
  {
    sub: "100000000000000000001",
    email: "ada@example.com",
    name: "Ada Lovelace",
    hostedDomain: "example.com",
    sendAs: [
      { email: "billing@example.com", name: "Example Billing", verification: "accepted" },
      { email: "sales@example.com", name: "Example Sales", verification: "pending" },
      { email: "contact@example.com", name: "Example Contact", verification: "none" },
    ],
  },
  account("100000000000000000002", "grace@example.com", "Grace Hopper"),
  account("100000000000000000003", "facturation@example.com", "Facturation Exemple"),
  account("100000000000000000004", "operator@example.com", "Olympe Opératrice"),
  { sub: "100000000000000000005", email: "someone@gmail.com", name: "Someone Else", hostedDomain: null, sendAs: [] },
];

export const defaultOperatorEmail = "operator@example.com";

function account(sub: string, email: string, name: string): SandboxAccount {
  return { sub, email, name, hostedDomain: "example.com", sendAs: [] };
}

export interface Accounts {
  readonly all: readonly SandboxAccount[];
  /** Addresses are compared without case. */
  byEmail(email: string): SandboxAccount | null;
  bySub(sub: string): SandboxAccount | null;
  /**
   * Gives an account another primary address. The former one becomes an alias, as at Google, unless an administrator
   * removes it.
   */
  rename(email: string, to: string, options?: { readonly withoutAlias?: boolean }): void;
}

export const directoryOf = (accounts: readonly SandboxAccount[]): Accounts => {
  const all = [...accounts];
  const at = (email: string) => all.findIndex((one) => one.email.toLowerCase() === email.trim().toLowerCase());
  return {
    all,
    byEmail: (email) => all[at(email)] ?? null,
    bySub: (sub) => all.find((one) => one.sub === sub) ?? null,
    rename: (email, to, { withoutAlias = false } = {}) => {
      const account = all[at(email)];
      if (account === undefined) throw new Error(`the sandbox has no account ${email}`);
      const alias = { email: account.email, name: account.name, verification: "none" } as const;
      const sendAs = [...account.sendAs, ...(withoutAlias ? [] : [alias])].filter((one) => one.email !== to);
      all[at(email)] = { ...account, email: to, sendAs };
    },
  };
};

/** Whether Gmail keeps this From: the account's own address, or an alias that is not pending. */
export const maySendAs = (account: SandboxAccount, address: string): boolean => {
  const wanted = address.toLowerCase();
  return (
    account.email.toLowerCase() === wanted ||
    account.sendAs.some((alias) => alias.verification !== "pending" && alias.email.toLowerCase() === wanted)
  );
};
