import type { AuditEntry } from "../api/types.ts";
import { api } from "../state/api.ts";
import { t, tOr } from "../state/language.ts";
import { usePaged } from "../state/pages.ts";
import { Page } from "../widgets/page.tsx";
import { PagedList } from "../widgets/paged-list.tsx";
import { Empty } from "../widgets/remote-view.tsx";
import { When } from "../widgets/time.tsx";

/** The details are names of fields, ids and addresses (never a secret): shown as `name: value`, known names in the chosen language. */
const detailText = (detail: unknown): string =>
  typeof detail === "object" && detail !== null
    ? Object.entries(detail)
        .map(
          ([name, value]) =>
            `${tOr(`audit.detail.${name}`, name)}: ${Array.isArray(value) ? value.join(", ") : String(value)}`,
        )
        .join(" · ")
    : "";

const Target = ({ target }: { readonly target: string }) => {
  if (target.startsWith("srv_")) return <a href={`/servers/${target}`}>{target}</a>;
  if (target.startsWith("msg_")) return <a href={`/messages/${target}`}>{target}</a>;
  return <>{target}</>;
};

export const AuditRow = ({ entry }: { readonly entry: AuditEntry }) => (
  <li>
    <div class="row-main">
      <span class="row-title">{tOr(`audit.${entry.action}`, entry.action)}</span>
      <span class="fine">
        {entry.actor === "setup-token" ? t("session.setup") : entry.actor} · <Target target={entry.target} />
      </span>
      {detailText(entry.detail) !== "" && <span class="fine">{detailText(entry.detail)}</span>}
    </div>
    <div class="row-side fine">
      <When iso={entry.at} />
    </div>
  </li>
);

const keyOf = (entry: AuditEntry): string => `${entry.at} ${entry.action} ${entry.target} ${entry.actor}`;

export const AuditPage = () => {
  const paged = usePaged<AuditEntry>(
    "audit",
    (cursor, signal) => api.audit({ ...(cursor !== undefined && { cursor }) }, signal),
    keyOf,
  );
  return (
    <Page title={t("audit.title")} lead={t("audit.lead")}>
      <PagedList
        paged={paged}
        empty={<Empty title={t("audit.none")} />}
        row={(entry) => <AuditRow key={keyOf(entry)} entry={entry} />}
      />
    </Page>
  );
};
