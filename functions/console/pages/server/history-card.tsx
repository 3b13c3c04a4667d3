import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Card } from "../../widgets/card.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";
import { filterPath } from "../audit/filter.ts";
import { useNames } from "../audit/names.ts";
import { AuditTable } from "../audit/table.tsx";

const SHOWN = 10;
const REFRESH_MS = 20_000;

export const ServerAudit = ({ id }: { readonly id: string }) => {
  const names = useNames();
  const audit = useRemote(`audit ${id}`, (signal) => api.audit({ target: id, limit: SHOWN }, signal), {
    everyMs: REFRESH_MS,
  });
  return (
    <Card title={t("history.title")} actions={<a href={filterPath({ target: id })}>{t("history.all")}</a>}>
      <RemoteView handle={audit}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="hint">{t("history.none")}</p>
          ) : (
            <AuditTable label={t("history.title")} entries={items} names={names} ofTarget />
          )
        }
      </RemoteView>
    </Card>
  );
};
