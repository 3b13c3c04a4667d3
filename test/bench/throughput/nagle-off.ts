/**
 * Loaded into the processes of the throughput rig: turns Nagle's algorithm off on every socket, since with delayed
 * acknowledgements it adds up to 40 ms that neither side is to blame for.
 */
import { type Channel, channel } from "node:diagnostics_channel";
import { Socket } from "node:net";

const turnOff = (name: string): void => {
  const sockets: Channel = channel(name);
  sockets.subscribe((message) => {
    const socket: unknown = typeof message === "object" && message !== null ? Reflect.get(message, "socket") : null;
    if (socket instanceof Socket) socket.setNoDelay(true);
  });
};

turnOff("net.client.socket");
turnOff("net.server.socket");
