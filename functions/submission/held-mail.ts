/** The memory that mails in the making may take together. */
export interface Room {
  readonly freeBytes: () => number;
  /** Takes that much, or nothing and answers false if there is not enough. */
  readonly take: (bytes: number) => boolean;
  readonly giveBack: (bytes: number) => void;
}

export const roomOf = (bytes: number): Room => {
  let free = bytes;
  return {
    freeBytes: () => free,
    take: (wanted) => {
      if (wanted > free) return false;
      free -= wanted;
      return true;
    },
    giveBack: (given) => {
      free += given;
    },
  };
};

const SMALLEST_BLOCK = 4 * 1024;
const LARGEST_BLOCK = 1024 * 1024;

/** Why a mail is not held: nothing of it is kept any more, however much of it still comes. */
type DropReason = "too_large" | "no_room";

/**
 * A mail as it arrives, in blocks of its own: the parser gives a piece for each line that begins with a dot, and
 * millions of pieces would take far more memory than the mail. Blocks grow with the mail, so that little
 * is allocated in vain.
 */
export class HeldMail {
  readonly #room: Room;
  readonly #limitBytes: number;
  #blocks: Buffer[] = [];
  #allocated = 0;
  #bytes = 0;
  /** How much of the last block is free. */
  #rest = 0;
  #dropped: DropReason | null = null;

  constructor(room: Room, limitBytes: number) {
    this.#room = room;
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Null as long as the whole mail is here. */
  get dropped(): DropReason | null {
    return this.#dropped;
  }

  append(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#limitBytes) this.#drop("too_large");
    for (let at = 0; at < piece.length && this.#dropped === null; ) {
      const block = this.#rest > 0 ? this.#blocks.at(-1) : this.#nextBlock();
      const copied = block === undefined ? 0 : piece.copy(block, block.length - this.#rest, at);
      this.#rest -= copied;
      at += copied;
    }
  }

  /** The bytes of the mail, in order. */
  parts(): readonly Buffer[] {
    return this.#blocks.map((block, at) =>
      at === this.#blocks.length - 1 ? block.subarray(0, block.length - this.#rest) : block,
    );
  }

  /** Gives the memory back. It may be called twice. */
  release(): void {
    this.#room.giveBack(this.#allocated);
    this.#allocated = 0;
    this.#rest = 0;
    this.#blocks = [];
  }

  #nextBlock(): Buffer | undefined {
    const size = Math.min(LARGEST_BLOCK, Math.max(SMALLEST_BLOCK, Math.ceil(this.#allocated / 4)));
    if (!this.#room.take(size)) {
      this.#drop("no_room");
      return undefined;
    }
    this.#allocated += size;
    this.#rest = size;
    // Not from Node's pool, which would keep 8 KiB for each small mail.
    const block = Buffer.allocUnsafeSlow(size);
    this.#blocks.push(block);
    return block;
  }

  #drop(why: DropReason): void {
    this.#dropped ??= why;
    this.release();
  }
}
