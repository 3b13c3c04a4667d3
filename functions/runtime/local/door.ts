import type { Build } from "../../domain/build.ts";
import type { Door } from "../../submission/door.ts";
import type { Config } from "../config.ts";
import { jsonLogger } from "../logger.ts";
import { systemClock } from "../system-clock.ts";
import { StartRefused } from "./options.ts";

/** The SMTP door of `npm start`. */
export type LocalDoor =
  | { readonly state: "open"; readonly address: Door["addresses"][number]; readonly door: Door }
  /** By another program, and nobody has asked for this port: Relais starts without the door. */
  | { readonly state: "port_taken"; readonly port: number }
  | { readonly state: "off" };

const HOST = "127.0.0.1";
/** Programs are told `localhost` too, which may be either. */
const HOST_V6 = "::1";
const NO_IPV6 = ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"];

/**
 * Opens the door in front of this very process, whose API need not answer yet. Throws `StartRefused` if the port that
 * was asked for cannot be listened on.
 */
export const openLocalDoor = async (config: Config, build: Build): Promise<LocalDoor> => {
  const { port, given } = config.smtpPort;
  if (port === 0) return { state: "off" };
  // Loaded only here, because a start without the door needs nothing of it.
  const { AddressRefused, openDoor } = await import("../../submission/door.ts");
  const log = jsonLogger({
    write: (line) => void process.stdout.write(`${line}\n`),
    nowMs: Date.now,
    component: "relais-smtp",
    build,
    projectId: null,
  });
  const open = (hosts: readonly string[]): Promise<Door> =>
    openDoor(
      {
        relaisUrl: `http://127.0.0.1:${config.port}`,
        listen: hosts.map((host) => ({ host, port })),
        listenTls: [],
        certificate: null,
        allowClear: false,
      },
      { clock: systemClock(config.timeScale), log },
    );
  try {
    const door = await open([HOST, HOST_V6]).catch((error) => {
      if (error instanceof AddressRefused && NO_IPV6.includes(error.code)) return open([HOST]);
      throw error;
    });
    return { state: "open", address: { host: HOST, port }, door };
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    if (error.code === "EADDRINUSE" && !given) return { state: "port_taken", port };
    const why = error.code === "EADDRINUSE" ? "is taken by another program" : `cannot be listened on (${error.code})`;
    throw new StartRefused(
      `Port ${port} ${why}. Choose another port for SMTP, or none: RELAIS_SMTP_PORT=${port + 1} npm start, RELAIS_SMTP_PORT=0 npm start`,
    );
  }
};
