import { useMemo } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { codeOf } from "../api/failure.ts";
import type { Message } from "../api/types.ts";
import { api } from "../state/api.ts";
import { t } from "../state/language.ts";
import { rememberListPath } from "../state/list-path.ts";
import { usePaged } from "../state/pages.ts";
import { useServerNames } from "../state/server-names.ts";
import { ExportButton } from "../widgets/export-button.tsx";
import { Page } from "../widgets/page.tsx";
import { PagedList } from "../widgets/paged-list.tsx";
import { Empty } from "../widgets/remote-view.tsx";
import { BulkBar } from "./messages/bulk-bar.tsx";
import { messageColumns } from "./messages/export.ts";
import { type Filter, filterIn, filterPath, queryOf } from "./messages/filter.ts";
import { FilterBar } from "./messages/filter-bar.tsx";
import { createSelection } from "./messages/selection.ts";
import { LongMessageTable } from "./messages/table.tsx";

/** One screen at 40 px a row, and more before the reader gets there. */
const PAGE_SIZE = 100;

const NoMessages = ({ filter }: { readonly filter: Filter }) => {
  const filtered = filterPath(filter) !== "/messages";
  return (
    <Empty title={filtered ? t("messages.noneFound") : t("messages.none")}>
      {filter.q !== "" && <p>{t("messages.noneFoundText")}</p>}
      {filtered ? <a href="/messages">{t("messages.all")}</a> : <p>{t("messages.noneText")}</p>}
    </Empty>
  );
};

const MessageList = ({ filter }: { readonly filter: Filter }) => {
  const selection = useMemo(createSelection, []);
  const paged = usePaged<Message>(
    `messages ${filterPath(filter)}`,
    (cursor, signal) =>
      api.messages.list({ ...queryOf(filter), limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) }, signal),
    ({ id }) => id,
  );
  const nameOf = useServerNames();
  return (
    <>
      {/* Not in the list: what it did may leave the list empty, and how that went must still be told. */}
      <BulkBar messages={paged.list?.items ?? []} selection={selection} onDone={paged.reload} />
      <PagedList
        paged={paged}
        empty={<NoMessages filter={filter} />}
        nothingMatches={(failure) => codeOf(failure) === "invalid_request"}
      >
        {(list) => <LongMessageTable list={list} nameOf={nameOf} selection={selection} />}
      </PagedList>
    </>
  );
};

const Export = ({ filter }: { readonly filter: Filter }) => (
  <ExportButton
    fileName="messages.csv"
    readPage={(page) => api.messages.list({ ...queryOf(filter), ...page })}
    columns={messageColumns(useServerNames())}
  />
);

export const MessagesPage = () => {
  const { query, route } = useLocation();
  const filter = filterIn(query);
  const path = filterPath(filter);
  rememberListPath(path);
  return (
    <Page title={t("messages.title")} lead={t("messages.lead")} actions={<Export filter={filter} />}>
      <FilterBar filter={filter} onChange={(changed) => route(filterPath(changed), true)} />
      <MessageList key={path} filter={filter} />
    </Page>
  );
};
