import { useEffect, useId, useState } from "preact/hooks";
import { AUDIT_ACTIONS } from "../../../domain/access/audit-actions.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Chip, Chips, DayChip } from "../../widgets/chips.tsx";
import { countNarrowing, type Filter, NO_FILTER } from "./filter.ts";
import { actorText, type Names, targetText } from "./words.ts";

interface Props {
  readonly filter: Filter;
  readonly names: Names;
  /** Whom to suggest: the actors of the entries that are shown. */
  readonly actors: readonly string[];
  readonly onChange: (filter: Filter) => void;
}

/** Takes any text, and suggests who is in the list. What is typed counts once it is left or Enter is pressed. */
const ActorChip = ({ filter, names, actors, onChange }: Props) => {
  const [typed, setTyped] = useState(filter.actor);
  const list = useId();
  useEffect(() => setTyped(filter.actor), [filter.actor]);
  const choose = () => typed.trim() !== filter.actor && onChange({ ...filter, actor: typed.trim() });
  return (
    <Chip label={t("audit.actor")} set={filter.actor !== ""}>
      {(id) => (
        <>
          <input
            id={id}
            list={list}
            spellcheck={false}
            placeholder={t("audit.actorExample")}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onBlur={choose}
            onKeyDown={(event) => event.key === "Enter" && choose()}
          />
          <datalist id={list}>
            {actors.map((actor) => (
              <option key={actor} value={actor}>
                {actorText(actor, names)}
              </option>
            ))}
          </datalist>
        </>
      )}
    </Chip>
  );
};

const ActionChip = ({ filter, onChange }: Props) => (
  <Chip label={t("audit.action")} set={filter.action !== ""}>
    {(id) => (
      <select
        id={id}
        value={filter.action}
        onChange={(event) => onChange({ ...filter, action: event.currentTarget.value })}
      >
        <option value="">{t("audit.anyAction")}</option>
        {AUDIT_ACTIONS.map((action) => (
          <option key={action} value={action}>
            {t(`audit.${action}`)}
          </option>
        ))}
      </select>
    )}
  </Chip>
);

const SETTINGS = "settings";

const TargetChip = ({ filter, names, onChange }: Props) => {
  const { remote } = useRemote("servers to choose", (signal) => api.servers.list(signal));
  const servers = remote.phase === "ready" ? remote.value.items : [];
  const isListed = filter.target === SETTINGS || servers.some(({ id }) => id === filter.target);
  return (
    <Chip label={t("audit.target")} set={filter.target !== ""}>
      {(id) => (
        <select
          id={id}
          value={filter.target}
          onChange={(event) => onChange({ ...filter, target: event.currentTarget.value })}
        >
          <option value="">{t("audit.anyTarget")}</option>
          {filter.target !== "" && !isListed && (
            <option value={filter.target}>{targetText({ action: filter.action, target: filter.target }, names)}</option>
          )}
          <option value={SETTINGS}>{t("audit.target.settings")}</option>
          {servers.map((server) => (
            <option key={server.id} value={server.id}>
              {server.name}
            </option>
          ))}
        </select>
      )}
    </Chip>
  );
};

/** The filters of the audit, in one line. */
export const FilterBar = (props: Props) => {
  const { filter, onChange } = props;
  const count = countNarrowing(filter);
  return (
    <Chips count={count} onClear={count === 0 ? null : () => onChange(NO_FILTER)}>
      <ActorChip {...props} />
      <ActionChip {...props} />
      <TargetChip {...props} />
      <DayChip label={t("filters.from")} day={filter.from} onChange={(from) => onChange({ ...filter, from })} />
      <DayChip label={t("filters.until")} day={filter.until} onChange={(until) => onChange({ ...filter, until })} />
    </Chips>
  );
};
