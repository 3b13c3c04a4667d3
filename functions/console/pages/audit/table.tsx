import { useMemo } from "preact/hooks";
import type { AuditEntry } from "../../api/types.ts";
import { language, t } from "../../state/language.ts";
import { type Column, Sheet } from "../../widgets/sheet.tsx";
import { When } from "../../widgets/time.tsx";
import { filterPath } from "./filter.ts";
import { actionText, actorText, detailText, type Names, needsTarget, targetText } from "./words.ts";

const Target = ({ entry, names }: { readonly entry: AuditEntry; readonly names: Names }) => {
  const { target } = entry;
  const text = targetText(entry, names);
  if (target.startsWith("srv_")) return <a href={`/servers/${target}`}>{text}</a>;
  if (target.startsWith("msg_")) return <a href={`/messages/${target}`}>{text}</a>;
  return <>{text}</>;
};

const columnsWith = (names: Names, ofTarget: boolean): readonly Column<AuditEntry>[] => [
  {
    label: t("audit.actor"),
    cell: ({ actor }) => <a href={filterPath({ actor })}>{actorText(actor, names)}</a>,
  },
  { label: t("audit.action"), cell: actionText },
  ...(ofTarget
    ? []
    : [
        {
          label: t("audit.target"),
          cell: (entry: AuditEntry) => needsTarget(entry) && <Target entry={entry} names={names} />,
        },
      ]),
  { label: t("audit.details"), cell: (entry) => detailText(entry, names) },
  { label: t("audit.time"), cell: ({ at }) => <When iso={at} /> },
];

export const entryKey = (entry: AuditEntry): string => `${entry.at} ${entry.action} ${entry.target} ${entry.actor}`;

interface Props {
  readonly label: string;
  readonly entries: readonly AuditEntry[];
  readonly names: Names;
  /** On the target's own page, which need not name it again. */
  readonly ofTarget?: boolean;
}

/** Who did what to what, and when. The name of who acted leads to everything else that they did. */
export const AuditTable = ({ label, entries, names, ofTarget = false }: Props) => {
  const columns = useMemo(() => columnsWith(names, ofTarget), [names, ofTarget, language.value]);
  return <Sheet label={label} columns={columns} items={entries} keyOf={entryKey} />;
};
