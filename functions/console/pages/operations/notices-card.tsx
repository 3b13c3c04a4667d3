import { DOCS_PATHS } from "../../../reference/docs-paths.ts";
import type { Settings } from "../../api/types.ts";
import { language, t } from "../../state/language.ts";
import { useServerNames } from "../../state/server-names.ts";
import { Card } from "../../widgets/card.tsx";
import { type Column, Sheet } from "../../widgets/sheet.tsx";

/** What Relais tells operators by mail (`OperatorAlert`), and with which event; what it only logs has none. */
const NOTICES = [
  { kind: "expiring", event: "relais.server.expiring.v1" },
  { kind: "reconnect_required", event: "relais.server.reconnect_required.v1" },
  { kind: "error", event: null },
  { kind: "client_rejected", event: null },
] as const;
type Announced = (typeof NOTICES)[number];

const COLUMNS = (): readonly Column<Announced>[] => [
  { label: t("notices.what"), cell: ({ kind }) => t(`notices.${kind}`) },
  { label: t("notices.when"), cell: ({ kind }) => t(`notices.${kind}When`) },
  { label: t("notices.event"), cell: ({ event }) => event !== null && <code>{event}</code> },
];

/** Which news there is, and where it goes. */
export const NoticesCard = ({ alerts }: Pick<Settings, "alerts">) => {
  const nameOf = useServerNames();
  return (
    <Card title={t("notices.title")} actions={<a href="/settings#alerts">{t("notices.change")}</a>}>
      {alerts === null ? (
        <p>{t("notices.toNobody")}</p>
      ) : (
        <p>
          {t("notices.to", { to: alerts.to.join(", ") })}{" "}
          <a href={`/servers/${alerts.server}`}>{nameOf(alerts.server)}</a>
        </p>
      )}
      <Sheet label={t("notices.title")} columns={COLUMNS()} items={NOTICES} keyOf={({ kind }) => kind} />
      <p class="hint">
        {t("notices.more")} <a href={DOCS_PATHS[language.value]}>{t("nav.docs")}</a>
      </p>
    </Card>
  );
};
