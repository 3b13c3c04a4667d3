import type { ConnectionState } from "../../domain/connection-states.ts";
import type { MessageStatus } from "../../domain/messages/message.ts";
import type { Message } from "../api/types.ts";
import { number, t, tOr } from "../state/language.ts";
import { Icon } from "./icon.tsx";
import { connectionLook, HELD_BY_LIMIT, type Look, messageLook } from "./looks.ts";

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

/** Shows a state by text, icon and colour, never by colour alone. */
export const ConnectionBadge = ({ state }: { readonly state: ConnectionState }) =>
  state === "valid" ? (
    <Badge {...connectionLook(state)} text={t("connection.connected")} detail={t("connection.valid")} />
  ) : (
    <Badge {...connectionLook(state)} text={tOr(`connection.${state}`, t("state.later", { state }))} />
  );

interface MessageBadgeProps {
  readonly status: MessageStatus;
  /** How many recipients Gmail refused although it took the message for the others. */
  readonly refused: number;
  readonly heldBecause?: Message["heldBecause"];
}

/**
 * Recipients that Gmail refused, although it took the message for others, make it no plain success. What a limit holds
 * is sent automatically and needs nobody.
 */
export const MessageBadge = ({ status, refused, heldBecause = null }: MessageBadgeProps) => {
  const { tone, icon } = heldBecause === "limit_reached" ? HELD_BY_LIMIT : messageLook(status);
  const plain = tOr(`message.status.${status}`, t("state.later", { state: status }));
  if (refused === 0) return <Badge tone={tone} icon={icon} text={plain} />;
  const text = refused === 1 ? t("message.sentOneRefused") : t("message.sentSomeRefused", { count: number(refused) });
  return <Badge tone="warn" icon="warning" text={text} />;
};
