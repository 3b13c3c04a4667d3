import type { Alert } from "../alerts/operator-alert.ts";
import { isoTimeOrNull } from "../clock.ts";
import type { Log } from "../log.ts";
import { type Connection, canSend, type MailServer } from "../mail-servers/mail-server.ts";
import type { Announce, Publisher } from "../publisher.ts";

interface Deps {
  readonly log: Log;
  readonly announce: Announce;
  readonly alert: Alert;
  readonly publisher: Publisher;
}

/** Each warning is given once: the first, the one a day ahead, and that of another reason. */
const isNewWarning = (before: Connection, now: Extract<Connection, { readonly state: "expiring" }>): boolean =>
  before.state !== "expiring" ||
  before.reason !== now.reason ||
  (now.warning === "last" && (before.warning ?? "first") === "first");

/** Tells log and world of a server's move to `now`, and lets its held mail go where it can send again. Throws `Unavailable`. */
export const tellOfMove = async (
  deps: Deps,
  { id, value: server }: { readonly id: string; readonly value: MailServer },
  now: Connection,
): Promise<void> => {
  const before = server.connection;
  if (now.state === "expiring" && isNewWarning(before, now)) {
    const { reason, warning = "first" } = now;
    deps.log.warn("connection_expiring", { server: id, reason, warning });
    const about = { server: id, name: server.name, username: server.username };
    const data = { ...about, reason, expiresAt: isoTimeOrNull(now.expiresAtMs), warning };
    await deps.announce({ type: "relais.server.expiring.v1", subject: id, data });
    const of = { id, name: server.name, grant: now.grant, reason };
    await deps.alert({ kind: "expiring", server: of, expiresAtMs: now.expiresAtMs, warning });
  }
  if (now.state === "error" && before.state !== "error") {
    const { grant, reason, sinceMs } = now;
    deps.log.warn("connection_error", { server: id, reason });
    await deps.alert({ kind: "error", server: { id, name: server.name, grant, reason }, sinceMs });
  }
  if (canSend({ ...server, connection: now }) && !canSend(server)) {
    await deps.publisher.publish("mail-dispatch", { data: { server: id }, attributes: {} });
  }
};
