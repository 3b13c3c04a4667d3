import { useEffect, useState } from "preact/hooks";
import { MESSAGE_STATUSES } from "../../../domain/messages/statuses.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Chip, Chips, DayChip } from "../../widgets/chips.tsx";
import { ServerSelect } from "../../widgets/server-select.tsx";
import { countNarrowing, type Filter, NO_FILTER, PARTLY_SENT } from "./filter.ts";

interface Props {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
}

const StatusChip = ({ filter, onChange }: Props) => (
  <Chip label={t("messages.status")} set={filter.status !== ""}>
    {(id) => (
      <select
        id={id}
        value={filter.status}
        onChange={(event) => onChange({ ...filter, status: event.currentTarget.value })}
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
  </Chip>
);

const KeyChip = ({ filter, onChange }: Props) => {
  const { remote } = useRemote("keys to choose", (signal) => api.keys.list(signal));
  const known = remote.phase === "ready" ? remote.value.items : [];
  return (
    <Chip label={t("messages.key")} set={filter.key !== ""}>
      {(id) => (
        <select
          id={id}
          value={filter.key}
          onChange={(event) => onChange({ ...filter, key: event.currentTarget.value })}
        >
          <option value="">{t("messages.anyKey")}</option>
          {filter.key !== "" && !known.some(({ id }) => id === filter.key) && (
            <option value={filter.key}>{filter.key}</option>
          )}
          {known.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Chip>
  );
};

const TagChip = ({ filter, onChange }: Props) => (
  <Chip label={t("messages.tag")} set={filter.tag !== ""}>
    {(id) => (
      <input
        id={id}
        class="short"
        spellcheck={false}
        placeholder={t("messages.tagExample")}
        value={filter.tag}
        onChange={(event) => onChange({ ...filter, tag: event.currentTarget.value.trim() })}
      />
    )}
  </Chip>
);

const Filters = ({ filter, onChange }: Props) => (
  <>
    <StatusChip filter={filter} onChange={onChange} />
    <Chip label={t("messages.server")} set={filter.server !== ""}>
      {(id) => (
        <ServerSelect
          control={{ id, "aria-describedby": undefined, "aria-invalid": undefined }}
          value={filter.server}
          none={t("messages.anyServer")}
          onChoose={(server) => onChange({ ...filter, server })}
        />
      )}
    </Chip>
    {isOperator() && <KeyChip filter={filter} onChange={onChange} />}
    <DayChip label={t("filters.from")} day={filter.from} onChange={(from) => onChange({ ...filter, from })} />
    <DayChip label={t("filters.until")} day={filter.until} onChange={(until) => onChange({ ...filter, until })} />
    <TagChip filter={filter} onChange={onChange} />
  </>
);

const SearchBox = ({ filter, onChange }: Props) => {
  const [q, setQ] = useState(filter.q);
  useEffect(() => setQ(filter.q), [filter.q]);
  return (
    <form
      class="search-box"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ ...filter, q: q.trim() });
      }}
    >
      <input
        type="search"
        aria-label={t("messages.q")}
        placeholder={t("messages.qExample")}
        spellcheck={false}
        value={q}
        onInput={(event) => setQ(event.currentTarget.value)}
      />
      <button type="submit" class="button">
        {t("messages.search")}
      </button>
    </form>
  );
};

/** The search and the filters. */
export const FilterBar = ({ filter, onChange }: Props) => {
  const count = countNarrowing(filter);
  return (
    <Chips
      count={count}
      onClear={count > 0 || filter.q !== "" ? () => onChange(NO_FILTER) : null}
      search={<SearchBox filter={filter} onChange={onChange} />}
    >
      <Filters filter={filter} onChange={onChange} />
    </Chips>
  );
};
