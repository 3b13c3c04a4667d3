import type { BeforeData, OutgoingMail } from "../../google/transports.ts";
import { accountAddress } from "../../mail-servers/mail-server.ts";
import { traitsOf } from "../../transport.ts";
import { beyondEnvelope, shownRecipients } from "../accept/raw-mail.ts";
import { scanMail } from "../accept/raw-scan.ts";
import { readBody } from "../body-store.ts";
import { commitMove } from "../commit-move.ts";
import type { DeliveryDeps } from "../delivery-deps.ts";
import { mailDate, readComposedMail } from "../mail-bytes.ts";
import { foldAddress } from "../mailbox.ts";
import { isRaw, type Mailbox, type MessageBody, type Recipient } from "../message.ts";
import { pendingRecipients } from "../moves.ts";
import { type Claim, leaseEndMs } from "./lease.ts";
import { beforeDelivery } from "./verdict.ts";

/** The Gmail API sends to everyone in To and Cc, so recipients that an earlier attempt over SMTP reached must go. */
const removeReached = (body: MessageBody, recipients: readonly Recipient[]): MessageBody => {
  const reached = new Set(
    recipients.filter(({ state }) => state !== "pending").map(({ address }) => foldAddress(address)),
  );
  const left = (list: readonly Mailbox[]) => list.filter(({ address }) => !reached.has(foldAddress(address)));
  return reached.size === 0 ? body : { ...body, to: left(body.to), cc: left(body.cc) };
};

/** Checks that To and Cc of a composed mail name nobody beside these recipients. */
const staysWithin = (mail: Buffer, recipients: readonly string[]): boolean => {
  const scanned = scanMail(mail);
  return scanned.ok && beyondEnvelope(shownRecipients(mail, scanned.value), recipients) === undefined;
};

/** A claim under way, whose version changes with the mark. */
export class Try {
  readonly #deps: DeliveryDeps;
  #claim: Claim;
  /** The error of the store while the mark was written. */
  #markFailure: unknown = null;
  #mayBeOut = false;

  constructor(deps: DeliveryDeps, claim: Claim) {
    this.#deps = deps;
    this.#claim = claim;
  }

  get claim(): Claim {
    return this.#claim;
  }

  get markFailure(): unknown {
    return this.#markFailure;
  }

  /** Whether something may have been sent: the mark was written, and the transport has not denied it since. */
  get mayBeOut(): boolean {
    return this.#mayBeOut;
  }

  /** Notes that nothing was sent, whether the mark is written or not. */
  noteUnsent(): void {
    this.#mayBeOut = false;
  }

  /**
   * Writes the mark before the message goes out. A crash after it leaves a message that may have been sent, which goes
   * to the resolver; a crash before it leaves one that was not sent and is sent again. Returns false if the claim is
   * lost or the store fails. Written again if recipients are refused after it.
   */
  readonly mark: BeforeData = async (refused = []) => {
    const before = this.#claim.message.value;
    const recipients = beforeDelivery(before.recipients, refused, this.#claim.server.value.transport);
    const value = { ...before, recipients, phase: "data" as const, dueAtMs: leaseEndMs(this.#deps) };
    try {
      const message = await commitMove(this.#deps, this.#claim.message, { after: value });
      if (message === undefined) return false;
      this.#claim = { ...this.#claim, message };
      this.#mayBeOut = true;
      return true;
    } catch (error) {
      this.#markFailure = error;
      return false;
    }
  };

  /** Returns null if the body is gone. It reads the body each time, to keep a large one out of memory. */
  async #compose(sevenBit: boolean): Promise<Buffer | null> {
    const { value } = this.#claim.message;
    const body = await readBody(this.#deps, value);
    if (body === null) return null;
    const { sendsTo } = traitsOf(this.#claim.server.value.transport);
    const shown = sendsTo === "header" ? removeReached(body, value.recipients) : body;
    return this.#deps.composeMime({ body: shown, messageId: value.messageId, date: mailDate(value), sevenBit });
  }

  /** The account itself is the envelope sender, so that it gets the bounces. Gmail sets it anyway. */
  #envelope(): OutgoingMail["envelope"] {
    const { message, server } = this.#claim;
    return {
      from: accountAddress(server.value),
      to: pendingRecipients(message.value).map(({ address }) => address),
    };
  }

  /**
   * Builds the mail for pending recipients, with the same bytes at every attempt. Returns the problem if no attempt can
   * succeed: its body is gone, or a mail that must not be changed would reach more than them.
   */
  async mail(): Promise<OutgoingMail | "body_erased" | "envelope_unsupported"> {
    const { message, server } = this.#claim;
    const { body } = message.value;
    const envelope = this.#envelope();
    if (isRaw(body)) {
      const raw = await readComposedMail(this.#deps, message.value, body);
      const fits = traitsOf(server.value.transport).sendsTo === "envelope" || staysWithin(raw, envelope.to);
      return fits ? { envelope, raw } : "envelope_unsupported";
    }
    const raw = await this.#compose(false);
    return raw === null ? "body_erased" : { envelope, raw, sevenBit: () => this.#compose(true) };
  }
}
