import type { Certificate } from "./certificate.ts";
import type { Room } from "./held-mail.ts";
import type { DoorLimits } from "./limits.ts";
import type { Logins } from "./login.ts";
import type { Stranger } from "./strangers.ts";
import type { SubmitDeps } from "./submit.ts";

/** What the listeners of one door share. */
export interface DoorParts extends SubmitDeps {
  readonly limits: DoorLimits;
  readonly room: Room;
  readonly logins: Logins;
  readonly nowMs: () => number;
  readonly allowClear: boolean;
  /** Null: no STARTTLS. */
  readonly certificate: Certificate | null;
  /** The connections of all listeners that have logged in. */
  readonly loggedIn: () => number;
  /** Those of all listeners that have not. */
  readonly strangers: () => readonly Stranger[];
}
