import { BlockList, isIPv6 } from "node:net";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether an IP address belongs to this machine alone. A connection's peer is always given as an IP address. */
export const isLoopbackAddress = (address: string): boolean =>
  LOOPBACK.check(address, isIPv6(address) ? "ipv6" : "ipv4");

/** Whether only this machine can reach a host to listen on. */
export const isLoopbackHost = (host: string): boolean => host.toLowerCase() === "localhost" || isLoopbackAddress(host);

/** `host:port`, with an IPv6 address in brackets. */
const HOST_AND_PORT = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<host>[a-z0-9.-]+)):(?<port>\d{1,5})$/i;

/** Null if the text is not `host:port`. */
export const parseListenAddress = (text: string): ListenAddress | null => {
  const { six, host, port } = HOST_AND_PORT.exec(text)?.groups ?? {};
  const at = Number(port);
  if (six !== undefined && !isIPv6(six)) return null;
  const where = six ?? host;
  return where === undefined || at < 1 || at > 65_535 ? null : { host: where, port: at };
};

export const showAddress = ({ host, port }: ListenAddress): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;
