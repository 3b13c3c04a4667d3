import { MINUTE, SECOND } from "../domain/clock.ts";

/** How much the door takes on. Real milliseconds. */
export interface DoorLimits {
  readonly connections: number;
  /** Of all mails that are being received or handed to Relais: six of the largest. */
  readonly roomBytes: number;
  /** From the connection to a login. A stranger must not keep a connection that a program needs. */
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
  roomBytes: 6 * 34 * 1024 * 1024,
  loginMs: MINUTE,
  idleMs: 5 * MINUTE,
  dataMs: 10 * MINUTE,
  failedLogins: 3,
  slowMs: 10 * SECOND,
  certificateMs: SECOND,
};

/** The size of a raw message that Relais takes, and what EHLO announces. */
export const MAX_MAIL_BYTES = 33_000_000;

export const MAX_RECIPIENTS = 100;

/** The recipients travel in one HTTP header, and Node takes 16 KiB of headers. */
export const MAX_RECIPIENTS_BYTES = 12_000;
