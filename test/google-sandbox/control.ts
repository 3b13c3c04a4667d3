import { randomUUID } from "node:crypto";
import type { JWTPayload } from "jose";
import type { SandboxClient } from "./clients.ts";
import type { CounterValues } from "./counters.ts";
import type { ActiveSwitch, Fault, SwitchOptions } from "./faults.ts";
import type { SentMail } from "./mailbox.ts";
import type { Parts } from "./parts.ts";
import { riscIssuer } from "./risc.ts";
import type { SmtpTranscript, Transcripts } from "./transcript.ts";

export interface SecurityEvent {
  /** The last part of the event's URI, such as `tokens-revoked` or `account-disabled`. */
  readonly type: string;
  /** The account's address; absent in a `verification`. */
  readonly account?: string;
  /** What the event contains beside `subject`. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly jti?: string;
  readonly audience?: string;
  /** Signs with a key that Google has never published. */
  readonly forged?: boolean;
}

/** Everything that a test can make the sandbox do, and see of what it did. */
export interface SandboxControl {
  /** Turns on a scripted failure; returns the id that clears it. */
  set(fault: Fault, options?: SwitchOptions): string;
  /** Turns off one switch, or all. */
  clear(id?: string): void;
  switches(): readonly ActiveSwitch[];
  /** Makes every token this much older, and the search index this much more complete; the clock does not move. */
  advance(ms: number): void;
  /** The user revokes what the account granted (myaccount.google.com/connections); returns how many tokens ended. */
  revoke(email: string): number;
  /** Gives the account another primary address; the former one becomes an alias. */
  rename(email: string, to: string, options?: { readonly withoutAlias?: boolean }): void;
  setRedirectUris(uris: readonly string[]): Promise<void>;
  registerClient(client: Partial<SandboxClient> & { readonly redirectUris: readonly string[] }): Promise<SandboxClient>;
  resetClientSecret(): Promise<SandboxClient>;
  /** The messages sent, oldest first. */
  mails(): readonly SentMail[];
  clearMails(): void;
  transcripts(): readonly SmtpTranscript[];
  clearTranscripts(): void;
  counters(): CounterValues;
  /** A security event token as Google's RISC would push it (RFC 8417). */
  securityEventToken(event: SecurityEvent): Promise<string>;
}

type Known = Parts & { readonly transcripts: Transcripts };

export const controlOf = (parts: Known): SandboxControl => ({
  set: (fault, options) => parts.faults.set(fault, options),
  clear: (id) => parts.faults.clear(id),
  switches: () => parts.faults.list(),
  advance: (ms) => {
    parts.grants.age(ms);
    parts.mailbox.age(ms);
  },
  revoke: (email) => {
    const account = parts.accounts.byEmail(email);
    if (account === null) throw new Error(`the sandbox has no account ${email}`);
    return parts.grants.revoke(account.sub, null);
  },
  rename: (email, to, options) => parts.accounts.rename(email, to, options),
  setRedirectUris: (uris) => parts.clients.setRedirectUris(uris),
  registerClient: (client) => parts.clients.register(client),
  resetClientSecret: () => parts.clients.resetSecret(),
  mails: () => parts.mailbox.all(),
  clearMails: () => parts.mailbox.clear(),
  transcripts: () => parts.transcripts.all(),
  clearTranscripts: () => parts.transcripts.clear(),
  counters: () => parts.counters.values(),
  securityEventToken: (event) => securityEventToken(parts, event),
});

const securityEventToken = (parts: Parts, event: SecurityEvent): Promise<string> => {
  const iss = riscIssuer(parts.origin);
  const sub = parts.accounts.byEmail(event.account ?? "")?.sub;
  const subject = sub === undefined ? {} : { subject: { subject_type: "iss-sub", iss, sub } };
  const kind =
    event.type === "tokens-revoked" || event.type === "token-revoked" ? "oauth/event-type" : "risc/event-type";
  const uri = `https://schemas.openid.net/secevent/${kind}/${event.type}`;
  const payload: JWTPayload = {
    iss,
    aud: event.audience ?? parts.clients.web.id,
    iat: Math.floor(parts.nowMs() / 1000),
    jti: event.jti ?? randomUUID(),
    // Google's security event tokens have no `exp`.
    events: { [uri]: { ...subject, ...event.detail } },
  };
  return parts.keys.sign(payload, { forged: event.forged === true, type: "secevent+jwt" });
};
