import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueKey } from "../../../functions/domain/access/key-register.ts";
import { mintedWrite, readEntry } from "../../../functions/domain/connections/tokens/token-cache.ts";
import { serverExists } from "../../../functions/domain/mail-servers/server-access.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import type { Transport } from "../../../functions/domain/transport.ts";
import { compose, openEmbedded } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { eventually } from "../../builders/eventually.ts";
import { FULL_MAIL, grant, mailServer, OPERATOR } from "../../builders/mail-server.ts";
import { type Rigged, startRigged } from "./child.ts";
import type { Ready } from "./google.ts";

/** What both senders meet: how far away Gmail is, and what its SMTP does not offer. */
export interface Distance {
  readonly roundTripMs: number;
  readonly lacking: readonly string[];
}

export interface Ground {
  readonly google: Rigged<Ready>;
  readonly relais: Rigged<boolean>;
  readonly origin: string;
  readonly key: string;
  readonly smtpPort: number;
  readonly httpPort: number;
  close(): Promise<void>;
}

export const serverId = (transport: Transport, account: number): string => `srv_${transport}_${account}`;

/** Puts connected servers into the store, and returns a key that may send by them. */
const seed = async (environment: Readonly<Record<string, string>>, { accounts }: Ready): Promise<string> => {
  const config = loadConfig(environment);
  const open = openEmbedded({ config, clock: systemClock(), random: systemRandom });
  const system = compose(config, { component: "bench", embedded: open, write: () => undefined });
  for (const transport of ["smtp", "gmail_api"] as const) {
    for (const [n, { email, accessToken }] of accounts.entries()) {
      const id = serverId(transport, n);
      const connection = { state: "valid", grant: grant({ email, scopes: ["openid", "email", FULL_MAIL] }) } as const;
      const limits = { perMinute: 1_000_000, perDay: 100_000_000 };
      const value = mailServer({ name: id, username: email, fromFilter: [email], transport, limits, connection });
      const token = { accessToken: new Secret(accessToken), expiresAtMs: Date.now() + 3_500_000, scopes: [FULL_MAIL] };
      await system.records.commit([
        { op: "put", kind: "mailServers", id, value },
        await mintedWrite(system, { id, entry: await readEntry(system, id) }, token),
      ]);
    }
  }
  const issued = await issueKey({ ...system, serverExists: serverExists(system.records) }, OPERATOR, {
    name: "bench",
    permissions: ["send"],
  });
  if (!issued.ok) throw new Error(JSON.stringify(issued.problem));
  (await open()).close();
  return issued.value.key.reveal();
};

/** Starts Gmail, the way to it and Relais, each in a process of its own; Relais leaves a profile in `profileDir`. */
export const startGround = async (
  { roundTripMs, lacking }: Distance,
  accounts: number,
  profileDir?: string,
): Promise<Ground> => {
  const google = await startRigged<Ready>("google", [accounts, ...lacking]);
  const { smtpPort: nearSmtp, httpPort: nearHttp } = google.ready;
  const way = roundTripMs === 0 ? null : await startRigged<number[]>("delay", [roundTripMs, nearSmtp, nearHttp]);
  const [smtpPort = nearSmtp, httpPort = nearHttp] = way?.ready ?? [];
  const [directory, port] = [mkdtempSync(join(tmpdir(), "relais-throughput-")), await freePort()];
  const environment = {
    ...google.ready.environment,
    GMAIL_SMTP_PORT: String(smtpPort),
    GMAIL_API_ROOT_URL: `http://127.0.0.1:${httpPort}`,
    RELAIS_DATA_DIR: join(directory, "data"),
    RELAIS_SETUP_TOKEN: "setup-token-of-the-benchmark-0123456789",
    PORT: String(port),
    RELAIS_PUBLIC_URL: `http://localhost:${port}`,
  };
  const key = await seed(environment, google.ready);
  const relais = await startRigged<boolean>("relais", [], { environment, profileDir });
  const origin = `http://127.0.0.1:${port}`;
  await eventually("Relais is up", async () => (await fetch(`${origin}/health`).catch(() => null))?.ok === true);
  return {
    ...{ google, relais, origin, key, smtpPort, httpPort },
    close: async () => {
      await relais.end();
      await Promise.all([google.end(), way?.end()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
