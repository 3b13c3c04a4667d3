import type { Accounts } from "./accounts.ts";
import type { Clients } from "./clients.ts";
import type { Counters } from "./counters.ts";
import type { Faults } from "./faults.ts";
import type { Grants } from "./grants.ts";
import type { Mailbox } from "./mailbox.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { State } from "./state.ts";

/** What the sandbox's servers share. */
export interface Parts {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly origin: string;
  readonly state: State;
  readonly accounts: Accounts;
  readonly clients: Clients;
  readonly faults: Faults;
  readonly grants: Grants;
  readonly keys: SigningKeys;
  readonly mailbox: Mailbox;
  readonly counters: Counters;
  /** The time in id_tokens, security events, mail and transcripts. Tokens end by the real clock. */
  readonly nowMs: () => number;
  /** Whether Google has verified the app; if so, there is no "unverified app" step. */
  readonly verified: boolean;
}
