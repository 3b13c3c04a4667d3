import { type Principal, principalName } from "../../access/records.ts";
import { DAY } from "../../clock.ts";
import { detailText } from "../../detail-texts.ts";
import { fromRefusalText } from "../../from-refusal-text.ts";
import type { Problem } from "../../problem.ts";
import { readSettings } from "../../settings/read-settings.ts";
import type { EnvironmentSettings } from "../../settings/settings.ts";
import { type CommitDeps, commitNew } from "../commit-move.ts";
import type { Message, TimelineEntry } from "../message.ts";
import { messageEvent } from "../message-events.ts";
import { timelineNote } from "../timeline-notes.ts";
import { searchEntries } from "../views/message-search.ts";
import { identify } from "./idempotency.ts";

const TOPIC: Principal = { kind: "topic" };
/** How much of a refused value is shown. */
const SHOWN_CHARACTERS = 320;

/** How many of its invalid fields are named. */
const FIELDS_KEPT = 5;

export interface RefusedMessage {
  /** Pub/Sub's own id, from which the record's id is made, so that a redelivery does not make a second one. */
  readonly pubsubId: string;
  /** The data, if it was JSON. */
  readonly json: unknown;
  readonly problem: Problem;
}

interface Deps extends CommitDeps {
  readonly environment: EnvironmentSettings;
}

/** Extracts a short, printable text from an arbitrary value. */
const readPrintable = (json: unknown, name: string): string => {
  const value: unknown = typeof json === "object" && json !== null ? Reflect.get(json, name) : undefined;
  return typeof value === "string" ? value.replace(/\p{C}+/gu, " ").slice(0, SHOWN_CHARACTERS) : "";
};

const reasonOf = (problem: Problem): string => {
  if (problem.code === "from_not_allowed") return fromRefusalText(problem, "en");
  if (problem.code !== "invalid_request") {
    const said = "detail" in problem ? problem.detail : undefined;
    return said === undefined ? problem.code : detailText(said, "en");
  }
  const fields = problem.fields.slice(0, FIELDS_KEPT).map(({ path, message }) => `${path} ${message}`);
  return fields.join("; ");
};

const noteOf = (problem: Problem): Omit<TimelineEntry, "atMs" | "status"> => ({
  ...timelineNote("refused_on_topic"),
  note: reasonOf(problem),
  ...(problem.code === "invalid_request" ? { fields: problem.fields.slice(0, FIELDS_KEPT) } : {}),
});

const refusedMessage = (deps: Deps, refused: RefusedMessage, retentionDays: number): Message => {
  const nowMs = deps.clock.nowMs();
  const { json, problem } = refused;
  const found = {
    messageId: "",
    from: readPrintable(json, "from"),
    subject: readPrintable(json, "subject"),
    recipientAddresses: [],
    tags: {},
  };
  return {
    ...found,
    caller: principalName(TOPIC),
    serverId: readPrintable(json, "server"),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    recipients: [],
    searchPrefixes: searchEntries(found),
    body: { kind: "erased", atMs: nowMs },
    sizeBytes: 0,
    onUnknown: "hold",
    expiresAtMs: null,
    firstTriedAtMs: null,
    agelessMs: 0,
    attempts: [{ atMs: nowMs, outcome: "failed", smtp: null, problem: problem.code }],
    timeline: [{ atMs: nowMs, status: "failed", ...noteOf(problem) }],
    providerId: null,
    requestSha256: null,
    eraseAtMs: nowMs + deps.clock.lasting(retentionDays * DAY),
    status: "failed",
    dueAtMs: null,
    finalAtMs: nowMs,
  };
};

/**
 * Records a message from the topic that can never be sent as `failed`. Its publisher gets no answer, so the list of
 * messages and the event must show it. A redelivery changes nothing. Throws `Unavailable`.
 */
export const recordRefused = async (deps: Deps, refused: RefusedMessage): Promise<void> => {
  const settings = await readSettings(deps.records, deps.environment);
  const value = refusedMessage(deps, refused, settings.value.retentionDays);
  const key = `refused ${refused.pubsubId}`;
  const { id } = identify(deps.random, { principal: TOPIC, key, json: null });
  await commitNew(deps, { id, value, event: messageEvent("relais.message.failed.v1", id, value) });
};
