import type { BeforeData, OutgoingMail } from "../../google/transports.ts";
import { accountAddress } from "../../mail-servers/mail-server.ts";
import { traitsOf } from "../../transport.ts";
import { readBody } from "../body-store.ts";
import { commitMove } from "../commit-move.ts";
import type { DeliveryDeps } from "../delivery-deps.ts";
import { foldAddress } from "../mailbox.ts";
import type { Mailbox, MessageBody, Recipient } from "../message.ts";
import { pendingRecipients } from "../moves.ts";
import { type Claim, leaseEndMs } from "./lease.ts";
import { beforeDelivery } from "./verdict.ts";

/** The Gmail API sends to whoever stands in To and Cc. Whom an earlier try by SMTP has reached, before the transport was changed, must not. */
const withoutReached = (body: MessageBody, recipients: readonly Recipient[]): MessageBody => {
  const reached = new Set(
    recipients.filter(({ state }) => state !== "pending").map(({ address }) => foldAddress(address)),
  );
  const left = (list: readonly Mailbox[]) => list.filter(({ address }) => !reached.has(foldAddress(address)));
  return reached.size === 0 ? body : { ...body, to: left(body.to), cc: left(body.cc) };
};

/** A claim under way: its version moves on with the mark. */
export class Try {
  readonly #deps: DeliveryDeps;
  #claim: Claim;
  /** The store failed while the mark was written. */
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

  /** The mark was written, and nobody has said since that nothing was sent. */
  get mayBeOut(): boolean {
    return this.#mayBeOut;
  }

  /** The transport has said that nothing is out, mark or no mark. */
  noteUnsent(): void {
    this.#mayBeOut = false;
  }

  /**
   * The mark: written before DATA goes out, a write of its own. A crash after it leaves a message that may have been sent, to
   * the recipients that the mark names, and goes to the resolver; a crash before it leaves one that was not and is sent again. False: the claim was lost, or the store cannot be written.
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

  /** Null: the body is gone. It is read again each time, so that a large body is not held in memory during a send. */
  async #compose(sevenBit: boolean): Promise<Buffer | null> {
    const { value } = this.#claim.message;
    const body = await readBody(this.#deps, value);
    if (body === null) return null;
    const date = new Date(value.firstTriedAtMs ?? value.createdAtMs);
    const { sendsTo } = traitsOf(this.#claim.server.value.transport);
    const shown = sendsTo === "header" ? withoutReached(body, value.recipients) : body;
    return this.#deps.composeMime({ body: shown, messageId: value.messageId, date, sevenBit });
  }

  /** The mail as it goes out now: the same bytes at every try, to those who have not got it yet. Null: its body is gone. */
  async mail(): Promise<OutgoingMail | null> {
    const raw = await this.#compose(false);
    if (raw === null) return null;
    const { value } = this.#claim.message;
    // The account itself as envelope sender: what bounces comes back to it, and Gmail puts it there anyway.
    const envelope = {
      from: accountAddress(this.#claim.server.value),
      to: pendingRecipients(value).map(({ address }) => address),
    };
    return { envelope, raw, sevenBit: () => this.#compose(true) };
  }
}
