import type { AuditEntry } from "../api/types.ts";
import { api } from "../state/api.ts";
import { t, tOr, when } from "../state/language.ts";
import { usePaged } from "../state/pages.ts";
import { useServerNames } from "../state/server-names.ts";
import { Page } from "../widgets/page.tsx";
import { PagedList } from "../widgets/paged-list.tsx";
import { Empty } from "../widgets/remote-view.tsx";
import { When } from "../widgets/time.tsx";

type NameOf = (serverId: string) => string;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:/;

/** Details hold field names, ids, addresses and times, never a secret; known names and values are translated. */
const valueText = (name: string, value: unknown, nameOf: NameOf): string => {
  const text = String(value);
  if (name === "servers") return nameOf(text);
  return TIME.test(text) ? when(text) : tOr(`audit.value.${text}`, text);
};

/** An empty list of mail servers means all of them; any other empty list means none. */
const valuesText = (name: string, value: unknown, nameOf: NameOf): string => {
  if (!Array.isArray(value)) return valueText(name, value, nameOf);
  if (value.length === 0) return name === "servers" ? t("audit.allServers") : t("audit.noValue");
  return value.map((one: unknown) => valueText(name, one, nameOf)).join(", ");
};

const detailText = (detail: unknown, nameOf: NameOf): string =>
  typeof detail === "object" && detail !== null
    ? Object.entries(detail)
        .filter(([, value]) => value !== null && value !== false)
        .map(([name, value]) => `${tOr(`audit.detail.${name}`, name)}${t("colon")} ${valuesText(name, value, nameOf)}`)
        .join(" · ")
    : "";

const Target = ({ target, nameOf }: { readonly target: string; readonly nameOf: NameOf }) => {
  if (target.startsWith("srv_")) return <a href={`/servers/${target}`}>{nameOf(target)}</a>;
  if (target.startsWith("msg_")) return <a href={`/messages/${target}`}>{target}</a>;
  return <>{tOr(`audit.target.${target}`, target)}</>;
};

/** Omits targets that tell a person nothing: a key's id (its name is in the detail), and oneself when signing in. */
const needsTarget = ({ action, target, actor }: AuditEntry): boolean => !action.startsWith("key.") && target !== actor;

const Detail = ({ text }: { readonly text: string }) => (text === "" ? null : <span class="fine">{text}</span>);

interface RowProps {
  readonly entry: AuditEntry;
  /** Absent on the target's own page, which need not name it again. */
  readonly nameOf?: NameOf;
}

const UNCHANGED: NameOf = (serverId) => serverId;

export const AuditRow = ({ entry, nameOf }: RowProps) => (
  <li>
    <div class="row-main">
      <span class="row-title">{tOr(`audit.${entry.action}`, entry.action)}</span>
      <span class="fine">
        {entry.actor === "setup-token" ? t("session.setup") : entry.actor}
        {nameOf !== undefined && needsTarget(entry) && (
          <>
            {" · "}
            <Target target={entry.target} nameOf={nameOf} />
          </>
        )}
      </span>
      <Detail text={detailText(entry.detail, nameOf ?? UNCHANGED)} />
    </div>
    <div class="row-side fine">
      <When iso={entry.at} />
    </div>
  </li>
);

const keyOf = (entry: AuditEntry): string => `${entry.at} ${entry.action} ${entry.target} ${entry.actor}`;

export const AuditPage = () => {
  const nameOf = useServerNames();
  const paged = usePaged<AuditEntry>(
    "audit",
    (cursor, signal) => api.audit({ ...(cursor !== undefined && { cursor }) }, signal),
    keyOf,
  );
  return (
    <Page title={t("audit.title")} lead={t("audit.lead")}>
      <PagedList paged={paged} empty={<Empty title={t("audit.none")} />}>
        {(entries) => (
          <ul class="rows">
            {entries.map((entry) => (
              <AuditRow key={keyOf(entry)} entry={entry} nameOf={nameOf} />
            ))}
          </ul>
        )}
      </PagedList>
    </Page>
  );
};
