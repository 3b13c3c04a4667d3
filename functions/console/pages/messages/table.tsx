import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import type { Message } from "../../api/types.ts";
import { number, t } from "../../state/language.ts";
import type { ListSoFar } from "../../state/list-so-far.ts";
import { MessageBadge } from "../../widgets/badge.tsx";
import { Ago } from "../../widgets/time.tsx";
import { WindowedRows } from "../../widgets/windowed-rows.tsx";
import { refusedOfSent, roomAt } from "../message/history.ts";
import type { Selection } from "./selection.ts";

/** A row has room for one recipient and the number of the others. */
const recipientsOf = ({ to, cc, bcc }: Message): string => {
  const [first = "", ...others] = [...to, ...cc, ...bcc];
  return others.length === 0 ? first : t("messages.andMore", { first, count: number(others.length) });
};

/** When a message leaves, if that is known; of any other, when it was accepted. */
const RowTime = ({ message }: { readonly message: Message }) => {
  // A message in doubt has a scheduled time after a restore, but may have left already.
  const scheduledAt = message.status === "scheduled" ? message.scheduledAt : null;
  const leavesAt = scheduledAt ?? roomAt(message);
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
  /** Which row of the table it is, if not all are there. */
  readonly index?: number;
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

const Row = ({ message, server, index, selection }: RowProps) => (
  <tr class="trow clickable" aria-rowindex={index}>
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

const Head = ({ selectable = false, index }: { readonly selectable?: boolean; readonly index?: number }) => (
  <thead>
    <tr class="trow" aria-rowindex={index}>
      {selectable && (
        <th scope="col" class="tselect">
          <span class="visually-hidden">{t("messages.selection")}</span>
        </th>
      )}
      <th scope="col">{t("messages.status")}</th>
      <th scope="col">{t("messages.to")}</th>
      <th scope="col">{t("messages.subject")}</th>
      <th scope="col" class="tserver">
        {t("messages.server")}
      </th>
      <th scope="col" class="ttime">
        {t("messages.time")}
      </th>
    </tr>
  </thead>
);

type Place = Pick<RowProps, "message" | "server" | "index">;

/** Returns the same row for the same message at the same place, so that Preact does not render it again. */
const useKeptRows = (nameOf: (serverId: string) => string, selection?: Selection) => {
  const rows = useMemo(() => new WeakMap<Message, { readonly place: Place; readonly row: VNode }>(), []);
  return (message: Message, index?: number): VNode => {
    const place: Place = { message, server: nameOf(message.server), ...(index !== undefined && { index }) };
    const known = rows.get(message);
    if (known?.place.server === place.server && known.place.index === place.index) return known.row;
    const row = <Row key={message.id} {...place} {...(selection && { selection })} />;
    rows.set(message, { place, row });
    return row;
  };
};

interface Props {
  readonly messages: readonly Message[];
  readonly nameOf: (serverId: string) => string;
}

/** A table from 44rem on, and below it two lines a message. Its rows are laid out as grids. */
export const MessageTable = ({ messages, nameOf }: Props) => {
  const rowOf = useKeptRows(nameOf);
  return (
    <table class="table" aria-label={t("messages.title")}>
      <Head />
      <tbody>{messages.map((message) => rowOf(message))}</tbody>
    </table>
  );
};

interface LongProps extends Pick<Props, "nameOf"> {
  readonly list: ListSoFar<Message>;
  readonly selection: Selection;
}

/** The head is the first row. */
const FIRST_INDEX = 2;
const UNKNOWN_COUNT = -1;

/** The same for any number of messages: the rows near the window are there, and say which of how many they are. */
export const LongMessageTable = ({ list: { items, next, startsAt }, nameOf, selection }: LongProps) => {
  const rowOf = useKeptRows(nameOf, selection);
  return (
    <table
      class="table selectable"
      aria-label={t("messages.title")}
      aria-rowcount={next === null ? items.length + 1 : UNKNOWN_COUNT}
    >
      <Head selectable index={1} />
      <WindowedRows items={items} startsAt={startsAt} row={(message, at) => rowOf(message, at + FIRST_INDEX)} />
    </table>
  );
};
