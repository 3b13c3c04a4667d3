/** Passes connections on, each direction late by half a round trip: `node delay.ts <round trip in ms> <port> …`. */
import net, { type AddressInfo } from "node:net";
import { cpuOnRequest } from "./child.ts";
import "./nagle-off.ts";

const [roundTrip = 0, ...targets] = process.argv.slice(2).map(Number);

const passLate = (from: net.Socket, to: net.Socket): void => {
  const late = (act: () => void): void => void setTimeout(act, roundTrip / 2);
  from.on("data", (bytes) => late(() => to.write(bytes)));
  from.on("end", () => late(() => to.end()));
  from.on("error", () => to.destroy());
  from.on("close", () => late(() => to.destroy()));
};

const relayTo = async (port: number): Promise<number> => {
  const server = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    passLate(near, far);
    passLate(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
};

cpuOnRequest();
process.send?.({ ready: await Promise.all(targets.map(relayTo)) });
