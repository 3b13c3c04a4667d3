import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { MESSAGE_STATUSES } from "../../domain/messages/statuses.ts";
import { codeOf } from "../api/failure.ts";
import type { Message, MessageFilter } from "../api/types.ts";
import { api } from "../state/api.ts";
import { number, t } from "../state/language.ts";
import { rememberListPath } from "../state/list-path.ts";
import { usePaged } from "../state/pages.ts";
import { useServerNames } from "../state/server-names.ts";
import { MessageBadge } from "../widgets/badge.tsx";
import { Field } from "../widgets/field.tsx";
import { Page } from "../widgets/page.tsx";
import { PagedList } from "../widgets/paged-list.tsx";
import { Empty } from "../widgets/remote-view.tsx";
import { ServerSelect } from "../widgets/server-select.tsx";
import { Ago } from "../widgets/time.tsx";
import { refusedOfSent } from "./message/history.ts";

interface Filter {
  readonly server: string;
  readonly status: string;
  readonly q: string;
}

/** Not a status of the API: sent, but refused for some recipients. */
const PARTLY_SENT = "partly_sent";

/** Links may be old or typed by hand, so an unknown status filters nothing. */
const statusIn = (text = ""): string =>
  text === PARTLY_SENT ? text : (MESSAGE_STATUSES.find((status) => status === text) ?? "");

const queryOf = ({ status, ...filter }: Filter): MessageFilter =>
  status === PARTLY_SENT ? { ...filter, status: "sent", rejected: "true" } : { ...filter, status };

const recipientsOf = ({ to, cc, bcc }: Message): readonly string[] => [...to, ...cc, ...bcc];

/** A row has room for a few recipients and the number of the others. */
const FEW = 3;
const fewOf = (recipients: readonly string[]): string =>
  recipients.length <= FEW + 1
    ? recipients.join(", ")
    : `${recipients.slice(0, FEW).join(", ")} ${t("messages.moreRecipients", { count: number(recipients.length - FEW) })}`;

interface RowProps {
  readonly message: Message;
  /** The mail server's name, if there are several to tell apart. */
  readonly server?: string | undefined;
}

export const MessageRow = ({ message, server }: RowProps) => (
  <li class="clickable">
    <div class="row-main">
      <span class="row-title">
        <a href={`/messages/${message.id}`}>{message.subject || t("message.noSubject")}</a>
      </span>
      <span class="fine">
        {fewOf(recipientsOf(message))}
        {server !== undefined && ` · ${server}`}
      </span>
    </div>
    <div class="row-side">
      <span class="fine">
        <Ago iso={message.createdAt} />
      </span>
      <MessageBadge status={message.status} refused={refusedOfSent(message)} />
    </div>
  </li>
);

/** A short list of messages, for a card. */
export const MessageRows = ({ messages }: { readonly messages: readonly Message[] }) => (
  <ul class="rows">
    {messages.map((message) => (
      <MessageRow key={message.id} message={message} />
    ))}
  </ul>
);

const pathOf = (filter: Filter): string => {
  const search = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));
  return search.size === 0 ? "/messages" : `/messages?${search}`;
};

interface FilterProps {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
}

const FilterForm = ({ filter, onChange }: FilterProps) => {
  const [q, setQ] = useState(filter.q);
  useEffect(() => setQ(filter.q), [filter.q]);
  return (
    <search>
      <form
        class="filter"
        onSubmit={(event) => {
          event.preventDefault();
          onChange({ ...filter, q: q.trim() });
        }}
      >
        <Field label={t("messages.server")}>
          {(control) => (
            <ServerSelect
              control={control}
              value={filter.server}
              none={t("messages.anyServer")}
              onChoose={(server) => onChange({ ...filter, server })}
            />
          )}
        </Field>
        <Field label={t("messages.status")}>
          {(control) => (
            <select
              {...control}
              value={filter.status}
              onChange={(e) => onChange({ ...filter, status: e.currentTarget.value })}
            >
              <option value="">{t("messages.anyStatus")}</option>
              {MESSAGE_STATUSES.map((status) => (
                <option key={status} value={status}>
                  {t(`message.status.${status}`)}
                </option>
              ))}
              <option value={PARTLY_SENT}>{t("messages.partlySent")}</option>
            </select>
          )}
        </Field>
        <Field label={t("messages.q")}>
          {(control) => (
            <input
              {...control}
              type="search"
              placeholder={t("messages.qExample")}
              spellcheck={false}
              value={q}
              onInput={(e) => setQ(e.currentTarget.value)}
            />
          )}
        </Field>
        <div class="actions">
          <button type="submit" class="button">
            {t("messages.search")}
          </button>
        </div>
      </form>
    </search>
  );
};

const NoMessages = ({ filter }: { readonly filter: Filter }) => {
  const filtered = pathOf(filter) !== "/messages";
  return (
    <Empty title={filtered ? t("messages.noneFound") : t("messages.none")}>
      {filter.q !== "" && <p>{t("messages.noneFoundText")}</p>}
      {filtered ? <a href="/messages">{t("messages.all")}</a> : <p>{t("messages.noneText")}</p>}
    </Empty>
  );
};

export const MessagesPage = () => {
  const { query, route } = useLocation();
  const filter: Filter = {
    server: query.server ?? "",
    status: statusIn(query.status),
    q: (query.q ?? query.to ?? "").trim(),
  };
  const paged = usePaged<Message>(
    `messages ${pathOf(filter)}`,
    (cursor, signal) =>
      api.messages.list({ ...queryOf(filter), limit: 50, ...(cursor !== undefined && { cursor }) }, signal),
    ({ id }) => id,
  );
  const nameOf = useServerNames();
  rememberListPath(pathOf(filter));
  return (
    <Page title={t("messages.title")} lead={t("messages.lead")}>
      <FilterForm filter={filter} onChange={(changed) => route(pathOf(changed), true)} />
      <PagedList
        paged={paged}
        empty={<NoMessages filter={filter} />}
        nothingMatches={(failure) => codeOf(failure) === "invalid_request"}
        row={(message) => (
          <MessageRow
            key={message.id}
            message={message}
            server={filter.server === "" ? nameOf(message.server) : undefined}
          />
        )}
      />
    </Page>
  );
};
