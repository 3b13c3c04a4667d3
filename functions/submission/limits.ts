import { MINUTE, SECOND } from "../domain/clock.ts";

/** How much the door takes on. Real milliseconds. */
export interface DoorLimits {
  /** That have logged in. */
  readonly connections: number;
  /** Connections that have not logged in. They have places of their own, so they take none from a program. */
  readonly strangers: number;
  /** Of all mails that are being received or handed to Relais: six of the largest. */
  readonly roomBytes: number;
  /** From the connection to a login, except while Relais is being asked about a password. */
  readonly loginMs: number;
  /** Between two signs of life (RFC 5321 §4.5.3.2.7 asks for five minutes). */
  readonly idleMs: number;
  /** From DATA to its end: whoever sends a byte now and then must not keep memory. */
  readonly dataMs: number;
  readonly failedLogins: number;
  /** An answer of Relais that takes longer is logged. */
  readonly slowMs: number;
  /** How often the certificate's files are looked at. */
  readonly certificateMs: number;
}

export const LIMITS: DoorLimits = {
  connections: 100,
  strangers: 100,
  roomBytes: 6 * 34 * 1024 * 1024,
  loginMs: 20 * SECOND,
  idleMs: 5 * MINUTE,
  dataMs: 10 * MINUTE,
  failedLogins: 3,
  slowMs: 10 * SECOND,
  certificateMs: SECOND,
};

/** The size of a raw message that Relais takes, and what EHLO announces. */
export const MAX_MAIL_BYTES = 33_000_000;

export const MAX_RECIPIENTS = 100;

/** Recipients that take more travel in JSON instead of an HTTP header: proxies take 8 KiB of headers, or less. */
export const USUAL_RECIPIENTS_BYTES = 4_000;

/** A larger mail would exceed the 32 MiB of a request in base64. Then the recipients travel in the header after all. */
export const MAX_JSON_MAIL_BYTES = 25_000_000;

/** Node takes 16 KiB of headers in all. */
export const MAX_RECIPIENTS_BYTES = 12_000;
