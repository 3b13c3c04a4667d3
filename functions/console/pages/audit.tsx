import { useLocation } from "preact-iso/router";
import type { AuditEntry } from "../api/types.ts";
import { api } from "../state/api.ts";
import { t } from "../state/language.ts";
import { usePaged } from "../state/pages.ts";
import type { CsvColumns } from "../widgets/csv.ts";
import { ExportButton } from "../widgets/export-button.tsx";
import { Page } from "../widgets/page.tsx";
import { PagedList } from "../widgets/paged-list.tsx";
import { Empty } from "../widgets/remote-view.tsx";
import { type Filter, filterIn, filterPath, queryOf } from "./audit/filter.ts";
import { FilterBar } from "./audit/filter-bar.tsx";
import { useNames } from "./audit/names.ts";
import { AuditTable, entryKey } from "./audit/table.tsx";
import { actionText, detailText, type Names, targetText } from "./audit/words.ts";
import { OperationsTabs } from "./operations/tabs.tsx";

const columnsWith = (names: Names): CsvColumns<AuditEntry> => ({
  at: ({ at }) => at,
  actor: ({ actor }) => actor,
  action: ({ action }) => action,
  target: ({ target }) => target,
  actionName: actionText,
  targetName: (entry) => targetText(entry, names),
  detail: (entry) => detailText(entry, names),
});

const Entries = ({ filter, names }: { readonly filter: Filter; readonly names: Names }) => {
  const path = filterPath(filter);
  const { route } = useLocation();
  const paged = usePaged<AuditEntry>(
    path,
    (cursor, signal) => api.audit({ ...queryOf(filter), ...(cursor !== undefined && { cursor }) }, signal),
    entryKey,
  );
  const { remote } = paged.first;
  const actors = remote.phase === "ready" ? [...new Set(remote.value.items.map(({ actor }) => actor))] : [];
  return (
    <>
      <FilterBar
        filter={filter}
        names={names}
        actors={actors}
        onChange={(changed) => route(filterPath(changed), true)}
      />
      <PagedList
        paged={paged}
        empty={
          <Empty title={path === "/audit" ? t("audit.none") : t("audit.noneFound")}>
            {path !== "/audit" && <a href="/audit">{t("audit.all")}</a>}
          </Empty>
        }
      >
        {({ items }) => (
          <div class="card">
            <AuditTable label={t("audit.title")} entries={items} names={names} />
          </div>
        )}
      </PagedList>
    </>
  );
};

export const AuditPage = () => {
  const names = useNames();
  const filter = filterIn(useLocation().query);
  return (
    <Page
      title={t("audit.title")}
      lead={t("audit.lead")}
      actions={
        <ExportButton
          fileName="audit.csv"
          readPage={(page) => api.audit({ ...queryOf(filter), ...page })}
          columns={columnsWith(names)}
        />
      }
    >
      <OperationsTabs current="audit" />
      <Entries filter={filter} names={names} />
    </Page>
  );
};
