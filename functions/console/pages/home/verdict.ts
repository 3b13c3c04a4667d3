import type { ConnectionState } from "../../../domain/connection-states.ts";
import type { MailServer } from "../../api/types.ts";

export interface Verdict {
  readonly kind: "working" | "attention" | "paused" | "stopped" | "unfinished" | "empty";
  /** Where to fix it; null if there is nothing to do, or not for this person. */
  readonly href: string | null;
}

type Facts = {
  readonly servers: readonly (Pick<MailServer, "id"> & { readonly connection: { readonly state: ConnectionState } })[];
  readonly paused: boolean;
  readonly operator: boolean;
};

/** `servers` are the active ones. The worst problem that a person can fix comes first. */
export const verdictOf = ({ servers, paused, operator }: Facts): Verdict => {
  const inState = (...states: ConnectionState[]) =>
    servers.filter(({ connection }) => states.includes(connection.state));
  const pageOf = (some: Facts["servers"]) => (some[0] === undefined ? "/servers" : `/servers/${some[0].id}`);
  if (servers.length === 0) return { kind: "empty", href: operator ? "/setup" : null };
  if (paused) return { kind: "paused", href: operator ? "/operations" : null };
  const broken = inState("reconnect_required", "error");
  const working = inState("valid", "expiring");
  if (working.length === 0 && broken.length > 0) return { kind: "stopped", href: pageOf(broken) };
  if (working.length === 0) return { kind: "unfinished", href: pageOf(servers) };
  if (broken.length > 0) return { kind: "attention", href: pageOf(broken) };
  const expiring = inState("expiring");
  return expiring.length > 0 ? { kind: "attention", href: pageOf(expiring) } : { kind: "working", href: null };
};
