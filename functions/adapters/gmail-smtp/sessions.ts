import type { Clock } from "../../domain/clock.ts";
import type { Login } from "../../domain/google/transports.ts";
import { MAX_IDLE_MS, MESSAGES_PER_SESSION, TRUSTED_IDLE_MS, timeoutFor } from "./limits.ts";
import type { ServerHabits } from "./server-habits.ts";
import type { SmtpSession } from "./session.ts";

/** Named, because an abort without a reason makes an error with its stack trace. */
const IN_USE = "the session is in use";

/** A session, the number of transactions that it has had, and of the mails that were accepted in them. */
export interface UsedSession {
  readonly session: SmtpSession;
  readonly transactions: number;
  readonly mails: number;
}

interface IdleSession extends UsedSession {
  readonly idleSinceMs: number;
  readonly closing: AbortController;
}

/** The connection is over, or the server has said so (421). */
const hasEnded = ({ session: { stream } }: UsedSession): boolean => stream.lost || stream.interjection !== null;

/**
 * Keeps sessions open between two messages, per account, within one instance. A session is reused only under the access
 * token that opened it: a session of a revoked token must not serve a later one.
 */
export class IdleSessions {
  readonly #clock: Clock;
  readonly #habits: ServerHabits;
  readonly #idle = new Map<string, IdleSession[]>();

  constructor(clock: Clock, habits: ServerHabits) {
    this.#clock = clock;
    this.#habits = habits;
  }

  /** Returns a session that is known to be alive (used within 5 s, or it answered NOOP), or undefined. */
  async take(login: Login): Promise<UsedSession | undefined> {
    for (;;) {
      const found = this.#idle.get(login.username)?.pop();
      if (found === undefined) return undefined;
      found.closing.abort(IN_USE);
      if (await this.#isUsable(found, login)) {
        found.session.stream.keepAlive(true);
        return found;
      }
      if (hasEnded(found)) this.#habits.noteEnd(found.mails);
      found.session.stream.destroy();
    }
  }

  /** Takes a session back, unless it is broken or has carried enough messages. */
  give(login: Login, used: UsedSession): void {
    const { session } = used;
    if (hasEnded(used)) this.#habits.noteEnd(used.mails);
    if (hasEnded(used) || used.transactions >= MESSAGES_PER_SESSION) {
      void this.#quit(session);
      return;
    }
    const closing = new AbortController();
    const entry = { ...used, idleSinceMs: this.#clock.nowMs(), closing };
    const idle = this.#idle.get(login.username) ?? [];
    this.#idle.set(login.username, [...idle, entry]);
    session.stream.keepAlive(false);
    void this.#clock.sleep(this.#clock.lasting(MAX_IDLE_MS), closing.signal).then(() => {
      if (!closing.signal.aborted) this.#drop(login.username, entry);
    });
  }

  async close(): Promise<void> {
    const all = [...this.#idle.values()].flat();
    this.#idle.clear();
    for (const { closing } of all) closing.abort();
    await Promise.all(all.map(({ session }) => this.#quit(session)));
  }

  async #isUsable(idle: IdleSession, login: Login): Promise<boolean> {
    const { stream, token } = idle.session;
    if (hasEnded(idle)) return false;
    if (token.reveal() !== login.accessToken.reveal()) return false;
    const idleMs = this.#clock.nowMs() - idle.idleSinceMs;
    // Timers of a frozen instance fire late, so the age must be checked again.
    if (idleMs > this.#clock.lasting(MAX_IDLE_MS)) return false;
    if (idleMs <= this.#clock.lasting(TRUSTED_IDLE_MS)) return true;
    const answer = await stream.command("NOOP", timeoutFor(this.#clock, "command"));
    return answer.kind === "reply" && answer.reply.code === 250;
  }

  #drop(username: string, entry: IdleSession): void {
    const left = (this.#idle.get(username) ?? []).filter((other) => other !== entry);
    if (left.length === 0) this.#idle.delete(username);
    else this.#idle.set(username, left);
    void this.#quit(entry.session);
  }

  async #quit(session: SmtpSession): Promise<void> {
    if (!session.stream.lost) await session.stream.command("QUIT", timeoutFor(this.#clock, "command"));
    session.stream.destroy();
  }
}
