import { isoTime } from "../clock.ts";
import { type KeyPermission, type Principal, principalName, type Session } from "./records.ts";

type Program = Extract<Principal, { readonly kind: "key" | "caller" }>;

/** Who may hold a session. */
export type Person = Extract<Principal, { readonly kind: "setup" | "operator" | "member" }>;

export const isProgram = (principal: Principal): principal is Program =>
  principal.kind === "key" || principal.kind === "caller";

const EVERYTHING: readonly KeyPermission[] = ["send", "read"];

/** Tells a program what it may do, so that it can test its credential without sending. No servers means every one. */
export const programView = (principal: Program) => ({
  actor: principalName(principal),
  role: "program" as const,
  permissions: principal.kind === "key" ? principal.permissions : EVERYTHING,
  servers: principal.kind === "key" ? principal.servers : [],
});

/** What a member, who may not read the settings, needs to know of them. */
interface ToldToMembers {
  /** Whom to ask for what only operators may do. */
  readonly operators: readonly string[];
  /** Nothing is sent at the moment. */
  readonly paused: boolean;
}

interface SessionFacts {
  /** Null for a caller with a bearer credential instead of a cookie, who needs no token. */
  readonly csrf: string | null;
  /** Null for everybody who is no member. */
  readonly toldToMembers: ToldToMembers | null;
}

const roleOf = ({ kind }: Exclude<Principal, Program>): "operator" | "member" =>
  kind === "member" ? "member" : "operator";

/** A person's session as `GET /v1/session` shows it. */
export const sessionView = (
  principal: Exclude<Principal, Program>,
  { csrf, toldToMembers }: SessionFacts,
): {
  /** An address, or `setup-token`. */
  readonly actor: string;
  readonly role: "operator" | "member";
  readonly csrf: string | null;
  readonly operators?: readonly string[];
  readonly paused?: boolean;
} => ({
  actor: principalName(principal),
  role: roleOf(principal),
  csrf,
  ...toldToMembers,
});

/** A session as operators see it in the list of all: whose it is, and never its id. */
export const signedInView = (person: Person, { createdAtMs, lastSeenAtMs, endsAtMs }: Session) => ({
  actor: principalName(person),
  role: roleOf(person),
  signedInAt: isoTime(createdAtMs),
  lastSeenAt: isoTime(lastSeenAtMs),
  endsAt: isoTime(endsAtMs),
});
