import type { MailServer } from "../../api/types.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Card } from "../../widgets/card.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";
import { filterPath } from "../audit/filter.ts";
import { useNames } from "../audit/names.ts";
import { AuditTable } from "../audit/table.tsx";

const SHOWN = 10;

export const ServerAudit = ({ server }: { readonly server: MailServer }) => {
  const names = useNames();
  const audit = useRemote(`audit ${server.id} ${server.etag}`, (signal) =>
    api.audit({ target: server.id, limit: SHOWN }, signal),
  );
  return (
    <Card title={t("history.title")} actions={<a href={filterPath({ target: server.id })}>{t("history.all")}</a>}>
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
