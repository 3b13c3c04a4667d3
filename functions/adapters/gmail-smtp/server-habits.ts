/**
 * What this server has been seen to do, over all its sessions. A mail goes out in one flight only after so many mails
 * of a session as some session has already survived: a server may close each one after its first mail, or its tenth,
 * whatever EHLO offers, and a flight that meets the closing is lost unanswered. A server may also offer CHUNKING and
 * not know BDAT, as one behind a proxy that answers EHLO.
 */
export class ServerHabits {
  /** After how many mails of a session it is not known to go on. How it goes on after one is learnt first. */
  readonly #mayEndAfter = new Set([1]);
  #readsChunks = true;

  /** Whether a session that has carried so many mails can be relied on for one more, as a chunk. */
  takesChunkAfter(mails: number): boolean {
    return this.#readsChunks && mails > 0 && !this.#mayEndAfter.has(mails);
  }

  /** It accepted one more after so many mails. A reply to MAIL is no proof: it may close a moment later. */
  noteGoingOn(mails: number): void {
    this.#mayEndAfter.delete(mails);
  }

  /** A session ended after so many mails: others are not relied on there, until one is seen to go on. */
  noteEnd(mails: number): void {
    this.#mayEndAfter.add(mails);
  }

  /** It did not know the command. Every mail goes by DATA from now on. */
  noteUnreadChunk(): void {
    this.#readsChunks = false;
  }
}
