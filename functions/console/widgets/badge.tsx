import type { ConnectionState, MessageStatus } from "../api/types.ts";
import { number, t, tOr } from "../state/language.ts";
import { Icon, type IconName } from "./icon.tsx";

interface Look {
  readonly tone: "good" | "warn" | "bad" | "neutral" | "info";
  readonly icon: IconName;
}

interface BadgeProps extends Look {
  readonly text: string;
  /** The technical fact behind the plain word. */
  readonly detail?: string;
}

export const Badge = ({ tone, icon, text, detail }: BadgeProps) => (
  <span class={`badge ${tone}`}>
    <Icon name={icon} />
    {text}
    {detail !== undefined && (
      <>
        {" · "}
        <span class="badge-detail">{detail}</span>
      </>
    )}
  </span>
);

const CONNECTION: Readonly<Record<ConnectionState, Look>> = {
  not_connected: { tone: "neutral", icon: "plug" },
  valid: { tone: "good", icon: "check" },
  expiring: { tone: "warn", icon: "clock" },
  reconnect_required: { tone: "bad", icon: "plug" },
  error: { tone: "bad", icon: "warning" },
};

/** A state that a later release wrote, shown as it is. */
const LATER: Look = { tone: "neutral", icon: "question" };

const lookOf = <S extends string>(looks: Readonly<Record<S, Look>>, state: S): Look =>
  Object.hasOwn(looks, state) ? looks[state] : LATER;

/** Shows a state by text, icon and colour, never by colour alone. */
export const ConnectionBadge = ({ state }: { readonly state: ConnectionState }) =>
  state === "valid" ? (
    <Badge {...CONNECTION.valid} text={t("connection.connected")} detail={t("connection.valid")} />
  ) : (
    <Badge {...lookOf(CONNECTION, state)} text={tOr(`connection.${state}`, t("state.later", { state }))} />
  );

const MESSAGE: Readonly<Record<MessageStatus, Look>> = {
  queued: { tone: "info", icon: "clock" },
  scheduled: { tone: "info", icon: "clock" },
  held: { tone: "warn", icon: "pause" },
  sending: { tone: "info", icon: "send" },
  deferred: { tone: "warn", icon: "clock" },
  unknown: { tone: "warn", icon: "question" },
  sent: { tone: "good", icon: "check" },
  failed: { tone: "bad", icon: "cross" },
  canceled: { tone: "neutral", icon: "cross" },
  expired: { tone: "neutral", icon: "clock" },
};

/** `refused`: how many recipients Gmail refused although it took the message for the others: not a plain success. */
export const MessageBadge = ({ status, refused }: { readonly status: MessageStatus; readonly refused: number }) => {
  const plain = tOr(`message.status.${status}`, t("state.later", { state: status }));
  if (refused === 0) return <Badge {...lookOf(MESSAGE, status)} text={plain} />;
  const text = refused === 1 ? t("message.sentOneRefused") : t("message.sentSomeRefused", { count: number(refused) });
  return <Badge tone="warn" icon="warning" text={text} />;
};
