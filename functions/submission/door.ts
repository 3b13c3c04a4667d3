import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Clock } from "../domain/clock.ts";
import type { Log } from "../domain/log.ts";
import { watchCertificate } from "./certificate.ts";
import type { DoorConfig } from "./config.ts";
import type { DoorParts } from "./door-parts.ts";
import { DoorServer } from "./door-server.ts";
import { roomOf } from "./held-mail.ts";
import { type DoorLimits, LIMITS } from "./limits.ts";
import { type ListenAddress, showAddress } from "./listen-address.ts";
import { loginsAt } from "./login.ts";

export interface DoorDeps {
  readonly clock: Pick<Clock, "nowMs" | "lasting">;
  readonly log: Log;
  readonly limits?: Partial<DoorLimits>;
}

export interface Door {
  /** As they were listened on. */
  readonly addresses: readonly ListenAddress[];
  /** Takes no more connections and lets messages under way end, at most for this many real milliseconds. */
  close(graceMs: number): Promise<void>;
}

/** An address cannot be listened on. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
  /** Node's code, such as `EADDRINUSE` or `EACCES`. */
  readonly code: string;

  constructor(address: ListenAddress, code: string, options: { readonly cause: unknown }) {
    super(`${showAddress(address)} cannot be listened on (${code})`, options);
    this.code = code;
  }
}

const listen = async (server: DoorServer, address: ListenAddress): Promise<ListenAddress> => {
  const { host, port } = address;
  const listening = once(server.server, "listening");
  server.server.listen({ host, port, exclusive: true });
  try {
    await listening;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new AddressRefused(address, code, { cause });
  }
  return { host, port: (server.server.address() as AddressInfo).port };
};

/** Opens the SMTP door in front of a Relais. Throws `AddressRefused`. */
export const openDoor = async (config: DoorConfig, { clock, log, limits }: DoorDeps): Promise<Door> => {
  const { relaisUrl, allowClear, certificate } = config;
  const servers: DoorServer[] = [];
  const all: DoorLimits = { ...LIMITS, ...limits };
  const parts: DoorParts = {
    relaisUrl,
    allowClear,
    log,
    limits: all,
    room: roomOf(all.roomBytes),
    logins: loginsAt({ relaisUrl, clock, log }),
    nowMs: () => performance.now(),
    certificate: certificate?.first ?? null,
    loggedIn: () => servers.reduce((sum, server) => sum + server.loggedIn(), 0),
    strangers: () => servers.flatMap((server) => server.strangers()),
  };
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop(graceMs)));
  };
  const addresses: ListenAddress[] = [];
  const wanted = [
    ...config.listen.map((address) => ({ address, secure: false })),
    ...config.listenTls.map((address) => ({ address, secure: true })),
  ];
  try {
    for (const { address, secure } of wanted) {
      const server = new DoorServer(parts, secure);
      addresses.push(await listen(server, address));
      servers.push(server);
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  const endWatch =
    certificate === null
      ? () => undefined
      : watchCertificate(certificate.files, certificate.first, {
          everyMs: all.certificateMs,
          onChange: (renewed) => {
            for (const server of servers) server.updateSecureContext(renewed);
            log.info("door_certificate_renewed");
          },
          onFault: (error) => log.error("door_certificate_unusable", {}, error),
        });
  return {
    addresses,
    close: async (graceMs) => {
      endWatch();
      await close(graceMs);
    },
  };
};
