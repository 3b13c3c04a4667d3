import { DAY, MINUTE } from "../../functions/domain/clock.ts";
import type { Limits } from "../../functions/domain/mail-servers/limits.ts";
import type { Accuse } from "./broken.ts";

interface Claimed {
  readonly id: string;
  readonly atMs: number;
  /** Fewer once it is known whom the claim did not reach. */
  recipients: number;
  /** It is older than a day, so it is not among those that are counted. */
  isPast?: true;
}

interface Account {
  readonly claims: Claimed[];
  /** How many of them are older than a day. */
  past: number;
  /** The recipients of all the others. */
  counted: number;
  readonly underWay: Map<string, Claimed>;
}

/** An account's claims at once (`reserve.ts`). Nobody claims ahead here, as on Google Cloud. */
const MOST_AT_ONCE = 8;

/**
 * Counts by itself what each server's limits allow: the recipients that a claim has reached, or may have, in any minute
 * and in any day. What is not known yet counts.
 */
export class WatchLimits {
  readonly #accuse: Accuse;
  readonly #accounts = new Map<string, Account>();

  constructor(accuse: Accuse) {
    this.#accuse = accuse;
  }

  #of(serverId: string): Account {
    const known = this.#accounts.get(serverId);
    if (known !== undefined) return known;
    const fresh: Account = { claims: [], past: 0, counted: 0, underWay: new Map() };
    this.#accounts.set(serverId, fresh);
    return fresh;
  }

  claimed(serverId: string, limits: Limits, claim: Claimed): void {
    const account = this.#of(serverId);
    account.underWay.set(claim.id, claim);
    if (account.underWay.size > MOST_AT_ONCE)
      this.#accuse("no limit exceeded", `${serverId} has ${account.underWay.size} mails under way at once`);
    account.claims.push(claim);
    account.counted += claim.recipients;
    this.#tidy(account, claim.atMs);
    this.#check(serverId, account, { claim, lengthMs: MINUTE, limit: limits.perMinute });
    this.#check(serverId, account, { claim, lengthMs: DAY, limit: limits.perDay });
  }

  #tidy(account: Account, nowMs: number): void {
    for (let first = account.claims[account.past]; first !== undefined; first = account.claims[account.past]) {
      if (first.atMs >= nowMs - DAY - MINUTE) break;
      account.counted -= first.recipients;
      account.past += 1;
      first.isPast = true;
    }
    if (account.past < 1_000) return;
    account.claims.splice(0, account.past);
    account.past = 0;
  }

  #check(
    serverId: string,
    { claims, past, counted }: Account,
    window: { readonly claim: Claimed; readonly lengthMs: number; readonly limit: number },
  ): void {
    const { claim, lengthMs, limit } = window;
    // No window holds more than there is in all.
    if (counted <= limit) return;
    let others = 0;
    for (let at = claims.length - 1; at >= past; at -= 1) {
      const one = claims[at];
      if (one === undefined || one.atMs <= claim.atMs - lengthMs - MINUTE) break;
      if (one !== claim && one.atMs > claim.atMs - lengthMs) others += one.recipients;
    }
    // A message with more recipients than the limit may go alone.
    if (others > 0 && others + claim.recipients > limit)
      this.#accuse(
        "no limit exceeded",
        `${serverId}: ${others + claim.recipients} recipients within ${lengthMs / MINUTE} min, of ${limit}`,
      );
  }

  /** Whether so many more fit into the day. What left it within the last minute may still count. */
  dayHasRoom(
    serverId: string,
    { perDay }: Limits,
    wanted: { readonly nowMs: number; readonly recipients: number },
  ): boolean {
    const fromMs = wanted.nowMs - DAY - MINUTE;
    const used = this.#of(serverId)
      .claims.filter(({ atMs }) => atMs > fromMs)
      .reduce((sum, { recipients }) => sum + recipients, 0);
    return used === 0 || used + wanted.recipients <= perDay;
  }

  /** `reached` is null while nobody knows. */
  settled(serverId: string, id: string, reached: number | null): void {
    const account = this.#of(serverId);
    const claim = account.underWay.get(id);
    account.underWay.delete(id);
    if (claim === undefined || reached === null) return;
    if (claim.isPast !== true) account.counted += reached - claim.recipients;
    claim.recipients = reached;
  }
}
