import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import type { Message } from "../../api/types.ts";
import { number, t } from "../../state/language.ts";
import { MessageBadge } from "../../widgets/badge.tsx";
import { Ago } from "../../widgets/time.tsx";
import { refusedOfSent, roomAt } from "../message/history.ts";
import type { Selection } from "./selection.ts";

/** A row has room for one recipient and the number of the others. */
const recipientsOf = ({ to, cc, bcc }: Message): string => {
  const [first = "", ...others] = [...to, ...cc, ...bcc];
  return others.length === 0 ? first : t("messages.andMore", { first, count: number(others.length) });
};

/** When a message leaves, if that is known; of any other, when it was accepted. */
const RowTime = ({ message }: { readonly message: Message }) => {
  const leavesAt = message.scheduledAt ?? roomAt(message);
  return leavesAt === null ? (
    <Ago iso={message.createdAt} />
  ) : (
    <>
      {t("messages.leaves")} <Ago iso={leavesAt} />
    </>
  );
};

interface RowProps {
  readonly message: Message;
  /** The mail server's name. */
  readonly server: string;
  readonly selection?: Selection;
}

const Select = ({ message, selection }: { readonly message: Message; readonly selection: Selection }) => (
  <input
    type="checkbox"
    aria-label={t("messages.select", { subject: message.subject || t("message.noSubject") })}
    checked={selection.has(message.id)}
    onChange={() => selection.toggle(message.id)}
  />
);

const Row = ({ message, server, selection }: RowProps) => (
  <tr class="trow clickable">
    {selection && (
      <td class="tselect">
        <Select message={message} selection={selection} />
      </td>
    )}
    <td class="tstatus">
      <MessageBadge status={message.status} refused={refusedOfSent(message)} heldBecause={message.heldBecause} />
    </td>
    <td class="tto">{recipientsOf(message)}</td>
    <td class="tsubject row-title">
      <a href={`/messages/${message.id}`}>{message.subject || t("message.noSubject")}</a>
    </td>
    <td class="tserver fine">{server}</td>
    <td class="ttime fine">
      <RowTime message={message} />
    </td>
  </tr>
);

const Head = ({ selectable }: { readonly selectable: boolean }) => (
  <thead>
    <tr class="trow">
      {selectable && (
        <th scope="col" class="tselect">
          <span class="visually-hidden">{t("messages.selection")}</span>
        </th>
      )}
      <th scope="col">{t("messages.status")}</th>
      <th scope="col">{t("messages.to")}</th>
      <th scope="col">{t("messages.subject")}</th>
      <th scope="col">{t("messages.server")}</th>
      <th scope="col" class="ttime">
        {t("messages.time")}
      </th>
    </tr>
  </thead>
);

/** More than a screen or two. */
const MANY = 100;

interface Props {
  readonly messages: readonly Message[];
  readonly nameOf: (serverId: string) => string;
  readonly selection?: Selection;
}

/**
 * A table from 44rem on, and below it two lines a message. Its rows are laid out as grids, which the browser can skip
 * while they are out of sight. A row that has not changed is not rendered again.
 */
export const MessageTable = ({ messages, nameOf, selection }: Props) => {
  const rows = useMemo(() => new WeakMap<Message, { readonly server: string; readonly row: VNode }>(), []);
  const rowOf = (message: Message): VNode => {
    const server = nameOf(message.server);
    const known = rows.get(message);
    if (known?.server === server) return known.row;
    const row = <Row key={message.id} message={message} server={server} {...(selection && { selection })} />;
    rows.set(message, { server, row });
    return row;
  };
  const classes = ["table", ...(selection ? ["selectable"] : []), ...(messages.length > MANY ? ["long"] : [])];
  return (
    <table class={classes.join(" ")} aria-label={t("messages.title")}>
      <Head selectable={selection !== undefined} />
      <tbody>{messages.map(rowOf)}</tbody>
    </table>
  );
};
