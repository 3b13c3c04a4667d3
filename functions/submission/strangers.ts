import { isIPv6 } from "node:net";

/** A connection that has not logged in. */
export interface Stranger {
  readonly address: string;
  readonly sinceMs: number;
  /** Whether Relais is being asked about its password. */
  readonly isProving: boolean;
  drop(): void;
}

const GROUPS = 8;
/** One machine usually has the whole /64 of its IPv6 address. */
const NETWORK_GROUPS = 4;

const groupsIn = (text: string): readonly string[] => (text === "" ? [] : text.split(":"));

/** What one sender can be told apart by: an IPv4 address, or the /64 of an IPv6 address. */
export const networkOf = (address: string): string => {
  if (!isIPv6(address)) return address;
  const [head = "", tail = ""] = address.split("::");
  const [first, last] = [groupsIn(head), groupsIn(tail)];
  const zeros = Array<string>(Math.max(0, GROUPS - first.length - last.length)).fill("0");
  return [...first, ...zeros, ...last].slice(0, NETWORK_GROUPS).join(":");
};

/**
 * Who must go so that a newcomer can stay: the oldest of the network with the most strangers. A program logs in at
 * once, so it is among the youngest. A login that is being checked is interrupted only if its network takes more than
 * half of the places, and only for another network. Null: the newcomer must go itself.
 */
export const whomToDrop = (strangers: readonly Stranger[], newcomer: Stranger): Stranger | null => {
  const counts = new Map<string, number>();
  for (const { address } of strangers) {
    const network = networkOf(address);
    counts.set(network, (counts.get(network) ?? 0) + 1);
  }
  const countOf = ({ address }: Stranger): number => counts.get(networkOf(address)) ?? 0;
  const mayGo = (stranger: Stranger): boolean =>
    !stranger.isProving ||
    (countOf(stranger) > strangers.length / 2 && networkOf(stranger.address) !== networkOf(newcomer.address));
  const [first] = strangers
    .filter((stranger) => stranger !== newcomer && mayGo(stranger))
    .sort((a, b) => countOf(b) - countOf(a) || Number(a.isProving) - Number(b.isProving) || a.sinceMs - b.sinceMs);
  return first ?? null;
};
