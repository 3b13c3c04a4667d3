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

/** The Gmail API sends to everyone in To and Cc, so recipients that an earlier attempt over SMTP reached must go. */
const removeReached = (body: MessageBody, recipients: readonly Recipient[]): MessageBody => {
  const reached = new Set(
    recipients.filter(({ state }) => state !== "pending").map(({ address }) => foldAddress(address)),
  );
  const left = (list: readonly Mailbox[]) => list.filter(({ address }) => !reached.has(foldAddress(address)));
  return reached.size === 0 ? body : { ...body, to: left(body.to), cc: left(body.cc) };
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
   * Writes the mark before DATA. A crash after it leaves a message that may have been sent, which goes to the resolver;
   * a crash before it leaves one that was not sent and is sent again. Returns false if the claim is lost or the store
   * fails.
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
    const date = new Date(value.firstTriedAtMs ?? value.createdAtMs);
    const { sendsTo } = traitsOf(this.#claim.server.value.transport);
    const shown = sendsTo === "header" ? removeReached(body, value.recipients) : body;
    return this.#deps.composeMime({ body: shown, messageId: value.messageId, date, sevenBit });
  }

  /** Builds the mail for pending recipients, with the same bytes at every attempt. Returns null if its body is gone. */
  async mail(): Promise<OutgoingMail | null> {
    const raw = await this.#compose(false);
    if (raw === null) return null;
    const { value } = this.#claim.message;
    // The account itself is the envelope sender, so that it gets the bounces. Gmail sets it anyway.
    const envelope = {
      from: accountAddress(this.#claim.server.value),
      to: pendingRecipients(value).map(({ address }) => address),
    };
    return { envelope, raw, sevenBit: () => this.#compose(true) };
  }
}
