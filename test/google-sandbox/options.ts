import type { SandboxAccount } from "./accounts.ts";
import type { SandboxClient } from "./clients.ts";

export interface SandboxOptions {
  /** Exact redirect URIs of the web client. Default: `http://localhost:8080/google_gmail/confirm`. */
  readonly redirectUris?: readonly string[];
  /** Id and secret of the web client; made where not given. */
  readonly client?: Partial<SandboxClient>;
  readonly accounts?: readonly SandboxAccount[];
  readonly operatorEmail?: string;
  /** Where everything is kept across restarts; in memory where not given. */
  readonly dataDir?: string;
  /** 0 or absent: a free one. */
  readonly ports?: { readonly http?: number; readonly smtp?: number; readonly smtpStartTls?: number };
  /** Which SMTP server `environment` names. Default `tls`. */
  readonly smtpSecurity?: "tls" | "starttls";
  /** Time in id_tokens, security events and mail, instead of the real one; tokens die by the real clock and `control.advance`. */
  readonly nowMs?: () => number;
  /** The app counts as verified by Google: no "unverified app" step. */
  readonly verified?: boolean;
}
